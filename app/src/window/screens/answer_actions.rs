//! Actions on a question and its answer.

use eframe::egui::{Align, Button, Layout, Role, Ui, WidgetInfo, vec2};

use crate::window::commands::{CommandId, Commands, TurnCommand};
use crate::window::state::report::{Turn, TurnEnd};
use crate::window::theme::Look;

/// Height of an action, in points.
const HEIGHT: f32 = 22.0;

/// Draws the actions in one line below the answer. `at` is the index of the turn, `can_ask` whether the engine is idle.
pub(crate) fn answer_actions_ui(
    ui: &mut Ui,
    look: &Look,
    (at, turn): (usize, &Turn),
    can_ask: bool,
    commands: &mut Commands,
) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().interact_size.y = HEIGHT;
        ui.spacing_mut().button_padding = vec2(look.sizes().gap_small, 1.0);
        ui.spacing_mut().item_spacing.x = 0.0;
        let number = at + 1;
        if !turn.answer.is_empty() {
            let info = CommandId::CopyAnswer.info();
            let name = format!("{} answer {number}", info.button);
            action_ui(ui, look, (&name, info.button, info.tooltip), true, || {
                commands.push(TurnCommand::Copy(at));
            });
        }
        let actions = [
            (CommandId::RegenerateAnswer, "answer", TurnCommand::Regenerate(at)),
            (CommandId::EditQuestion, "question", TurnCommand::Edit(at)),
            (CommandId::DeleteQuestion, "question", TurnCommand::Delete(at)),
        ];
        for (id, what, command) in actions {
            let info = id.info();
            if turn.error.is_some() && matches!(command, TurnCommand::Regenerate(_)) {
                // The error card above has a button for it.
                continue;
            }
            let is_enabled = can_ask || matches!(command, TurnCommand::Edit(_));
            let name = format!("{} {what} {number}", info.button);
            action_ui(ui, look, (&name, info.button, info.tooltip), is_enabled, || {
                commands.push(command);
            });
        }
        if turn.versions() > 1 && turn.end != TurnEnd::Open {
            versions_ui(ui, look, (at, turn), commands);
        }
    });
}

/// "‹ 2 of 3 ›".
fn versions_ui(ui: &mut Ui, look: &Look, (at, turn): (usize, &Turn), commands: &mut Commands) {
    let last = turn.versions() - 1;
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let show = |version| TurnCommand::ShowVersion { turn: at, version };
        let number = at + 1;
        let (earlier, later) = (CommandId::ShowEarlierAnswer.info(), CommandId::ShowLaterAnswer.info());
        action_ui(
            ui,
            look,
            (&format!("Later answer {number}"), later.button, later.tooltip),
            turn.shown < last,
            || {
                commands.push(show(turn.shown + 1));
            },
        );
        ui.label(look.muted(format!("{} of {}", turn.shown + 1, turn.versions())));
        let name = format!("Earlier answer {number}");
        action_ui(ui, look, (&name, earlier.button, earlier.tooltip), turn.shown > 0, || {
            commands.push(show(turn.shown - 1));
        });
    });
}

/// A text button; `name` is its unique accessible name.
fn action_ui(ui: &mut Ui, look: &Look, (name, word, hint): (&str, &str, &str), is_enabled: bool, act: impl FnOnce()) {
    let response = ui.add_enabled(is_enabled, Button::new(look.muted(word)).frame_when_inactive(false));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
    if response.on_hover_text(hint).clicked() {
        act();
    }
}
