//! Dispatch of user commands, one file for each group of commands.

mod app;
mod model;
mod report;
mod tabs;
mod turn;

use eframe::egui;

use crate::window::app::Window;
use crate::window::commands::UserCommand;

impl Window {
    /// Dispatches one user command.
    pub(crate) fn dispatch(&mut self, ctx: &egui::Context, command: UserCommand) {
        match command {
            UserCommand::App(command) => self.dispatch_app(ctx, command),
            UserCommand::Report(command) => self.dispatch_report(command),
            UserCommand::Turn(command) => self.dispatch_turn(ctx, &command),
            UserCommand::View(action) => self.dispatch_view(action),
            UserCommand::Model(command) => self.dispatch_model(ctx, command),
        }
    }
}
