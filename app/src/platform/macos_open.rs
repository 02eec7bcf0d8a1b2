//! Open-document events on macOS: a double-click in the Finder sends an event instead of command-line arguments.
//!
//! AppKit passes the event to the application delegate, which belongs to winit and ignores it. So an event handler of our own
//! replaces AppKit's while the application is about to finish launching: after AppKit installed its handler and before the
//! first event is delivered. This code has not yet run on a Mac.

#![expect(unsafe_code, reason = "Apple's frameworks are objects of another language")]

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use objc2::rc::Retained;
use objc2::runtime::{AnyObject, NSObject, Sel};
use objc2::{AnyThread as _, DefinedClass as _, define_class, msg_send, sel};
use objc2_foundation::{
    NSAppleEventDescriptor, NSAppleEventManager, NSDictionary, NSNotification, NSNotificationCenter, NSString,
    NSUserDefaults,
};

use crate::platform::single_instance::{Handed, OpenRequest, OpenRequests};

/// A four-character code, as used by Apple events.
const fn code(letters: [u8; 4]) -> u32 {
    u32::from_be_bytes(letters)
}

/// Class of the core events.
const CORE_EVENTS: u32 = code(*b"aevt");
/// The open-documents event.
const OPEN_DOCUMENTS: u32 = code(*b"odoc");
/// The direct-object parameter of an event.
const DIRECT_OBJECT: u32 = code(*b"----");

/// Posted after AppKit installed its handlers and before it delivers the first event.
const ABOUT_TO_FINISH_LAUNCHING: &str = "NSApplicationWillFinishLaunchingNotification";
/// Whether AppKit treats command-line arguments as files; Recto parses them itself.
const TAKES_ARGUMENTS_FOR_FILES: &str = "NSTreatUnknownArgumentsAsOpen";

define_class!(
    // SAFETY: `NSObject` asks nothing of its subclasses, and `Listener` does not implement `Drop`.
    #[unsafe(super(NSObject))]
    #[name = "RectoFinderListener"]
    #[ivars = OpenRequests]
    struct Listener;

    impl Listener {
        // SAFETY: notification observers take the notification and return nothing.
        #[unsafe(method(aboutToFinishLaunching:))]
        fn about_to_finish_launching(&self, _notification: &NSNotification) {
            self.replace_appkit_handler();
        }

        // SAFETY: Apple event handlers take the event and its reply and return nothing.
        #[unsafe(method(openDocuments:withReply:))]
        fn open_documents(&self, event: &NSAppleEventDescriptor, _reply: &NSAppleEventDescriptor) {
            let files = files_of(event);
            tracing::info!(num_files = files.len(), "open-documents event");
            if !files.is_empty() && self.ivars().send(OpenRequest { files, question: None }) == Handed::Gone {
                tracing::warn!("the window is closed, so the files are not opened");
            }
        }
    }
);

impl Listener {
    fn new(requests: OpenRequests) -> Retained<Self> {
        let listener = Self::alloc().set_ivars(requests);
        // SAFETY: `init` of `NSObject` takes nothing and returns the object.
        unsafe { msg_send![super(listener), init] }
    }

    fn replace_appkit_handler(&self) {
        let manager = NSAppleEventManager::sharedAppleEventManager();
        let handler: &AnyObject = self;
        let selector: Sel = sel!(openDocuments:withReply:);
        // SAFETY: the method takes an object, a selector that it understands, and two codes; it returns nothing. It does not
        // own the object: `OpenEvents` does, and unregisters it on drop.
        unsafe {
            msg_send![
                &manager,
                setEventHandler: handler,
                andSelector: selector,
                forEventClass: CORE_EVENTS,
                andEventID: OPEN_DOCUMENTS,
            ]
        }
    }
}

/// Receives open-document events until dropped.
pub(crate) struct OpenEvents {
    listener: Retained<Listener>,
}

impl OpenEvents {
    /// Starts forwarding open-document events to the window. Call on the main thread before the window is created.
    pub(crate) fn listen(requests: OpenRequests) -> Self {
        hide_arguments_from_appkit();
        let listener = Listener::new(requests);
        let (observer, selector): (&AnyObject, Sel) = (&listener, sel!(aboutToFinishLaunching:));
        let name = NSString::from_str(ABOUT_TO_FINISH_LAUNCHING);
        // SAFETY: the selector is one of the observer's methods and takes a notification; the observer is removed before it is
        // dropped.
        unsafe {
            NSNotificationCenter::defaultCenter().addObserver_selector_name_object(
                observer,
                selector,
                Some(&name),
                None,
            );
        }
        Self { listener }
    }
}

impl Drop for OpenEvents {
    fn drop(&mut self) {
        let observer: &AnyObject = &self.listener;
        // SAFETY: an observer may be removed at any time and any number of times.
        unsafe { NSNotificationCenter::defaultCenter().removeObserver(observer) };
        let manager = NSAppleEventManager::sharedAppleEventManager();
        // SAFETY: the method takes two codes and returns nothing.
        unsafe { msg_send![&manager, removeEventHandlerForEventClass: CORE_EVENTS, andEventID: OPEN_DOCUMENTS] }
    }
}

/// Stops AppKit from opening command-line files a second time.
fn hide_arguments_from_appkit() {
    let (key, no) = (NSString::from_str(TAKES_ARGUMENTS_FOR_FILES), NSString::from_str("NO"));
    let value: &AnyObject = &no;
    let defaults = NSDictionary::from_slices(&[&*key], &[value]);
    // SAFETY: keys are strings and values are property-list objects.
    unsafe { NSUserDefaults::standardUserDefaults().registerDefaults(&defaults) };
}

/// The files named by an event; anything else is skipped.
fn files_of(event: &NSAppleEventDescriptor) -> Vec<PathBuf> {
    // SAFETY: the method takes a code and returns a descriptor or nothing.
    let named: Option<Retained<NSAppleEventDescriptor>> =
        unsafe { msg_send![event, paramDescriptorForKeyword: DIRECT_OBJECT] };
    let Some(list) = named else { return Vec::new() };
    // A single file may come without a list. List indices start at 1.
    let files = match list.numberOfItems() {
        0 => vec![list],
        length => (1..=length).filter_map(|index| list.descriptorAtIndex(index)).collect(),
    };
    files.iter().filter_map(|file| path_of(file)).collect()
}

fn path_of(file: &NSAppleEventDescriptor) -> Option<PathBuf> {
    let url = file.fileURLValue()?;
    if !url.isFileURL() {
        return None;
    }
    // SAFETY: for a file URL this is a nul-terminated string that lives as long as the URL.
    let path = unsafe { CStr::from_ptr(url.fileSystemRepresentation().as_ptr()) };
    Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}

#[cfg(test)]
mod tests {
    use objc2_foundation::NSURL;

    use super::*;

    /// An event as the Finder sends it, with its files in a list or a single file.
    fn event(files: &[&str], is_list: bool) -> Retained<NSAppleEventDescriptor> {
        let descriptor = |file: &&str| {
            NSAppleEventDescriptor::descriptorWithFileURL(&NSURL::fileURLWithPath(&NSString::from_str(file)))
        };
        let about = if is_list {
            let list = NSAppleEventDescriptor::listDescriptor();
            for file in files {
                list.insertDescriptor_atIndex(&descriptor(file), 0);
            }
            list
        } else {
            descriptor(&files[0])
        };
        // SAFETY: two codes, a target or none, two numbers; the result is a descriptor. Then a descriptor and a code.
        unsafe {
            let target: Option<&NSAppleEventDescriptor> = None;
            let event: Retained<NSAppleEventDescriptor> = msg_send![
                objc2::class!(NSAppleEventDescriptor),
                appleEventWithEventClass: CORE_EVENTS,
                eventID: OPEN_DOCUMENTS,
                targetDescriptor: target,
                returnID: -1_i16,
                transactionID: 0_i32,
            ];
            let () = msg_send![&event, setParamDescriptor: &*about, forKeyword: DIRECT_OBJECT];
            event
        }
    }

    #[test]
    fn files_are_found_in_events_whatever_they_are_called() {
        let names = ["/reports/Jahresbericht für Köln.pdf", "/reports/年次報告 100%.pdf"];
        assert_eq!(files_of(&event(&names, true)), names.map(PathBuf::from));
        assert_eq!(files_of(&event(&names[1..], false)), [PathBuf::from(names[1])]);
        assert_eq!(files_of(&event(&[], true)), Vec::<PathBuf>::new());
    }
}
