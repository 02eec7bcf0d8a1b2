//! What the Finder wants opened: on a Mac a double-click names files in an event, not on the command line.
//!
//! AppKit would pass that event to the delegate of the application, which is winit's and does not know it. So the event is
//! taken before, by whom AppKit lets take its place: while the application is about to finish launching, which is after AppKit
//! put its own handler in and before the event of the start itself is delivered. Nothing of this has run on a Mac yet.

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

/// A name of four letters, as Apple's events have them.
const fn code(letters: [u8; 4]) -> u32 {
    u32::from_be_bytes(letters)
}

/// Events that every program knows.
const CORE_EVENTS: u32 = code(*b"aevt");
/// The one that names documents to open.
const OPEN_DOCUMENTS: u32 = code(*b"odoc");
/// That of an event's parameters which says what it is about.
const DIRECT_OBJECT: u32 = code(*b"----");

/// What AppKit tells once it has its own handlers and before it delivers the first event.
const ABOUT_TO_FINISH_LAUNCHING: &str = "NSApplicationWillFinishLaunchingNotification";
/// Whether AppKit takes words of the command line for files; they are read by ourselves.
const TAKES_ARGUMENTS_FOR_FILES: &str = "NSTreatUnknownArgumentsAsOpen";

define_class!(
    // SAFETY: `NSObject` asks nothing of its subclasses, and `Listener` does not implement `Drop`.
    #[unsafe(super(NSObject))]
    #[name = "RectoFinderListener"]
    #[ivars = OpenRequests]
    struct Listener;

    impl Listener {
        // SAFETY: methods that are told of notifications get the notification and return nothing.
        #[unsafe(method(aboutToFinishLaunching:))]
        fn about_to_finish_launching(&self, _notification: &NSNotification) {
            self.take_place_of_appkit();
        }

        // SAFETY: handlers of Apple's events get the event and its reply and return nothing.
        #[unsafe(method(openDocuments:withReply:))]
        fn open_documents(&self, event: &NSAppleEventDescriptor, _reply: &NSAppleEventDescriptor) {
            let files = files_of(event);
            tracing::info!(num_files = files.len(), "asked to open files");
            if !files.is_empty() && self.ivars().send(OpenRequest { files, question: None }) == Handed::Gone {
                tracing::warn!("the window that was to open files is gone");
            }
        }
    }
);

impl Listener {
    fn new(calls: OpenRequests) -> Retained<Self> {
        let listener = Self::alloc().set_ivars(calls);
        // SAFETY: `init` of `NSObject` takes nothing and returns the object.
        unsafe { msg_send![super(listener), init] }
    }

    fn take_place_of_appkit(&self) {
        let manager = NSAppleEventManager::sharedAppleEventManager();
        let handler: &AnyObject = self;
        let selector: Sel = sel!(openDocuments:withReply:);
        // SAFETY: the method takes an object, a selector that it understands, and two codes; it returns nothing. It keeps the
        // object without owning it: `OpenEvents` does, and takes it out again.
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

/// Hears what the Finder wants for as long as it lives.
pub(crate) struct Finder {
    listener: Retained<Listener>,
}

impl Finder {
    /// Passes the Finder's wishes on to the window. To be called on the main thread before the window is made.
    pub(crate) fn listen_to(calls: OpenRequests) -> Self {
        keep_arguments_from_appkit();
        let listener = Listener::new(calls);
        let (observer, selector): (&AnyObject, Sel) = (&listener, sel!(aboutToFinishLaunching:));
        let name = NSString::from_str(ABOUT_TO_FINISH_LAUNCHING);
        // SAFETY: the selector is one of the observer's methods and takes a notification; the observer is taken out before it
        // goes.
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

impl Drop for Finder {
    fn drop(&mut self) {
        let observer: &AnyObject = &self.listener;
        // SAFETY: an observer may be taken out at any time, as often as one likes.
        unsafe { NSNotificationCenter::defaultCenter().removeObserver(observer) };
        let manager = NSAppleEventManager::sharedAppleEventManager();
        // SAFETY: the method takes two codes and returns nothing.
        unsafe { msg_send![&manager, removeEventHandlerForEventClass: CORE_EVENTS, andEventID: OPEN_DOCUMENTS] }
    }
}

/// Keeps AppKit from opening the files of the command line a second time.
fn keep_arguments_from_appkit() {
    let (key, no) = (NSString::from_str(TAKES_ARGUMENTS_FOR_FILES), NSString::from_str("NO"));
    let value: &AnyObject = &no;
    let defaults = NSDictionary::from_slices(&[&*key], &[value]);
    // SAFETY: keys are strings and values are objects that may stand in a property list.
    unsafe { NSUserDefaults::standardUserDefaults().registerDefaults(&defaults) };
}

/// The files that an event names; what is no file is left out.
fn files_of(event: &NSAppleEventDescriptor) -> Vec<PathBuf> {
    // SAFETY: the method takes a code and returns a descriptor or nothing.
    let named: Option<Retained<NSAppleEventDescriptor>> =
        unsafe { msg_send![event, paramDescriptorForKeyword: DIRECT_OBJECT] };
    let Some(list) = named else { return Vec::new() };
    // A single file may come without a list around it. Lists count from one.
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
    // SAFETY: of a URL of a file this is a string that ends in zero and lives as long as the URL.
    let path = unsafe { CStr::from_ptr(url.fileSystemRepresentation().as_ptr()) };
    Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}

#[cfg(test)]
mod tests {
    use objc2_foundation::NSURL;

    use super::*;

    /// An event as the Finder sends it, its files in a list or one without.
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
