//! Reads a line without showing it, such as a PIN.

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, EventHandler, KeyCode, KeyEvent, Modifiers, RepeatCount,
};

use super::line_helper::LineEditor;

/// Reads a line. Only its length is shown, and it cannot be recalled later.
pub(super) fn read_hidden<A>(editor: &mut LineEditor, read: impl FnOnce(&mut LineEditor) -> A) -> A {
    let hide = |editor: &mut LineEditor, hidden| {
        if let Some(helper) = editor.helper_mut() {
            helper.hidden = hidden;
        }
    };
    editor.bind_sequence(Event::Any, EventHandler::Conditional(Box::new(PlainKeys)));
    hide(editor, true);
    let history = std::mem::take(editor.history_mut());
    let answer = read(editor);
    *editor.history_mut() = history;
    hide(editor, false);
    editor.unbind_sequence(Event::Any);
    answer
}

/// Allows plain keys only. Others could copy the hidden line, to be pasted into a visible one.
struct PlainKeys;

impl ConditionalEventHandler for PlainKeys {
    fn handle(&self, event: &Event, _: RepeatCount, _: bool, _: &EventContext<'_>) -> Option<Cmd> {
        let allowed = event.get(0).is_some_and(|KeyEvent(code, modifiers)| match code {
            KeyCode::Char('C' | 'D' | 'H' | 'J' | 'M') if *modifiers == Modifiers::CTRL => true,
            KeyCode::Char(_) | KeyCode::Enter | KeyCode::Backspace | KeyCode::BracketedPasteStart => {
                *modifiers == Modifiers::NONE
            }
            _ => false,
        });
        if allowed { None } else { Some(Cmd::Noop) }
    }
}
