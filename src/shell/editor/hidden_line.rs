//! A line that is typed without being seen, such as a PIN.

use rustyline::{
    Cmd, ConditionalEventHandler, Event, EventContext, EventHandler, KeyCode, KeyEvent, Modifiers, RepeatCount,
};

use super::line_helper::LineEditor;
use crate::shell::terminal::EchoOff;

/// Reads a line of which only its length can be seen, and which cannot be brought back later.
pub(super) fn without_showing<A>(editor: &mut LineEditor, read: impl FnOnce(&mut LineEditor) -> A) -> A {
    // A terminal that can do little would show what is typed by itself.
    let _echo_off = EchoOff::begin();
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

/// The keys for something hidden: none that would keep it, to be pasted into a line that is shown.
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
