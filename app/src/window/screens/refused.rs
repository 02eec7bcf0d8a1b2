//! Why a file is not shown, in the place of its pages, and what can be done about it there.

use eframe::egui::{Align2, Key, RichText, TextEdit, Ui, vec2};
use engine::viewer::Refusal;

use crate::window::commands::{AppCommand, Commands, ReportCommand};
use crate::window::pages::Refused;
use crate::window::theme::Look;
use crate::window::widgets::{as_sentence, primary_button_ui};

/// Width of the password field, in points.
const FIELD_WIDTH: f32 = 260.0;

/// Draws the reason. `password` is the text of the password field.
pub(super) fn refused_ui(
    ui: &mut Ui,
    look: &Look,
    refused: Option<&Refused>,
    password: &mut String,
    commands: &mut Commands,
) {
    ui.vertical_centered(|ui| {
        ui.add_space(ui.available_height() / 3.0);
        let cause = refused.map(|refused| refused.cause);
        if let Some(Refusal::NeedsPassword | Refusal::WrongPassword) = cause {
            password_ui(ui, look, cause == Some(Refusal::WrongPassword), password, commands);
            return;
        }
        ui.label(RichText::new("This file cannot be shown").size(look.sizes().text_heading));
        ui.add_space(look.sizes().gap_small);
        if let Some(refused) = refused {
            ui.label(as_sentence(&refused.report.message));
            ui.label(look.muted(as_sentence(refused.report.hint.as_deref().unwrap_or_default())));
        }
        ui.add_space(look.sizes().gap);
        if cause == Some(Refusal::Missing)
            && ui
                .button("Locate…")
                .on_hover_text("Choose the file where it is now; its conversation comes with it")
                .clicked()
        {
            commands.push(AppCommand::ChooseFile);
        }
        if ui.button("Close").clicked() {
            commands.push(AppCommand::DismissError);
        }
    });
}

fn password_ui(ui: &mut Ui, look: &Look, is_wrong: bool, password: &mut String, commands: &mut Commands) {
    ui.label(RichText::new("This PDF is encrypted").size(look.sizes().text_heading));
    ui.add_space(look.sizes().gap_small);
    if is_wrong {
        ui.colored_label(look.colours().error, "The password is wrong");
        ui.label(look.muted("Check capital letters and the keyboard layout"));
    }
    let name = ui.label(look.muted("Password"));
    let field = TextEdit::singleline(password)
        .id_salt("password")
        .password(true)
        .align(Align2::LEFT_CENTER)
        .margin(vec2(look.sizes().gap, look.sizes().gap_small))
        .min_size(vec2(0.0, look.sizes().control_height))
        .desired_width(FIELD_WIDTH);
    let field = ui.add(field).labelled_by(name.id);
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    ui.add_space(look.sizes().gap_small);
    let is_pressed = primary_button_ui(ui, look, "Open", !password.is_empty()).clicked();
    if (is_pressed || is_entered) && !password.is_empty() {
        commands.push(ReportCommand::Unlock);
    }
    ui.add_space(look.sizes().gap_small);
    ui.label(look.muted("Recto remembers it until you close the window"));
}
