//! Line icons on a grid of 16, drawn with the colour of their text.

use maud::PreEscaped;

pub(crate) type Icon = PreEscaped<&'static str>;

macro_rules! icon {
    ($name:ident, $shapes:literal) => {
        pub(crate) const $name: Icon = PreEscaped(concat!(
            r#"<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">"#,
            $shapes,
            "</svg>"
        ));
    };
}

icon!(
    MARK,
    r#"<circle class="fill" cx="8" cy="8" r="6.5"/><path class="glint" d="M4.4 6.8a3.9 3.9 0 0 1 2.7-2.7"/>"#
);
icon!(
    OVERVIEW,
    r#"<path d="M2.5 13.5v-4m3.7 4v-7m3.6 7v-5m3.7 5v-11"/>"#
);
icon!(ENQUEUED, r#"<path d="M2.5 4.5h11m-11 3.5h11m-11 3.5h6"/>"#);
icon!(
    SCHEDULED,
    r#"<circle cx="8" cy="8" r="5.8"/><path d="M8 4.8V8l2.2 1.6"/>"#
);
icon!(
    AWAITING,
    r#"<path d="M4 2.5h8m-8 11h8M5 2.5c0 3 6 4 6 5.5S5 10.5 5 13.5m6-11c0 3-6 4-6 5.5s6 2.5 6 5.5"/>"#
);
icon!(
    RETRY,
    r#"<path d="M13.3 8A5.3 5.3 0 1 1 11.6 4.1M13.3 2v3h-3"/>"#
);
icon!(
    PROCESSING,
    r#"<circle cx="8" cy="8" r="5.8"/><path class="fill" d="M6.6 5.4 10.6 8l-4 2.6z"/>"#
);
icon!(
    SUCCEEDED,
    r#"<circle cx="8" cy="8" r="5.8"/><path d="m5.4 8.2 1.9 1.9 3.4-3.9"/>"#
);
icon!(
    FAILED,
    r#"<circle cx="8" cy="8" r="5.8"/><path d="m6 6 4 4m0-4-4 4"/>"#
);
icon!(
    DELETED,
    r#"<path d="M3 4.5h10M6.3 4.5V3h3.4v1.5M4.3 4.5l.6 8.5h6.2l.6-8.5"/>"#
);
icon!(
    ALL,
    r#"<path d="m8 2.2 5.8 3L8 8.2l-5.8-3zM2.2 8 8 11l5.8-3M2.2 10.8l5.8 3 5.8-3"/>"#
);
icon!(
    QUEUES,
    r#"<rect x="2" y="3" width="12" height="4" rx="1"/><rect x="2" y="9" width="12" height="4" rx="1"/>"#
);
icon!(
    KINDS,
    r#"<rect x="2.5" y="2.5" width="4.5" height="4.5" rx="1"/><circle cx="11.2" cy="4.8" r="2.3"/><path d="m4.8 9 2.4 4.5H2.3z"/><path d="M11.2 9v4.5M9 11.2h4.5"/>"#
);
icon!(BATCHES, r#"<path d="M5 2.5h8.5V11M2.5 5H11v8.5H2.5z"/>"#);
icon!(
    SERVERS,
    r#"<rect x="2.5" y="2.5" width="11" height="11" rx="1.5"/><path d="M2.5 8h11M5 5.3h.01M5 10.8h.01"/>"#
);
icon!(
    RECURRING,
    r#"<path d="M2.7 6.6a5.5 5.5 0 0 1 10-1.4M13.3 9.4a5.5 5.5 0 0 1-10 1.4M13 2.2v3h-3M3 13.8v-3h3"/>"#
);
icon!(
    PAUSED,
    r#"<circle cx="8" cy="8" r="5.8"/><path d="M6.4 5.8v4.4m3.2-4.4v4.4"/>"#
);
icon!(
    STOPPED,
    r#"<circle cx="8" cy="8" r="5.8"/><path class="fill" d="M6 6h4v4H6z"/>"#
);
icon!(
    OPERATIONS,
    r#"<path d="m2.5 4.5 1.3 1.3 2.2-2.6m-3.5 6.3 1.3 1.3 2.2-2.6M8.5 4.5h5m-5 5h5M2.5 13.5h11"/>"#
);
icon!(
    AUDIT,
    r#"<path d="M4 1.8h6l2.5 2.5v9.9H4zM9.8 1.8v2.7h2.7M6.3 7.5h4m-4 3h4"/>"#
);
icon!(
    WARNING,
    r#"<path d="M8 2.3 14.3 13H1.7zM8 6.5v3M8 11.2h.01"/>"#
);
icon!(
    COPY,
    r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.2"/><path d="M10.5 5.5v-3h-8v8h3"/>"#
);
icon!(MENU, r#"<path d="M2 4.5h12M2 8h12M2 11.5h12"/>"#);
icon!(
    KEYBOARD,
    r#"<rect x="1.5" y="4" width="13" height="8" rx="1.2"/><path d="M4 6.5h.01M6.7 6.5h.01M9.3 6.5h.01M12 6.5h.01M5 9.5h6"/>"#
);
icon!(BACK, r#"<path d="M9.8 3.5 5.3 8l4.5 4.5"/>"#);
icon!(
    SYSTEM,
    r#"<circle cx="8" cy="8" r="5.8"/><path class="fill" d="M8 2.2a5.8 5.8 0 0 1 0 11.6z"/>"#
);
icon!(
    LIGHT,
    r#"<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.2m0 10.6v1.2M1.5 8h1.2m10.6 0h1.2M3.4 3.4l.9.9m7.4 7.4.9.9m0-9.2-.9.9m-7.4 7.4-.9.9"/>"#
);
icon!(
    DARK,
    r#"<path d="M13.4 9.6A5.8 5.8 0 0 1 6.4 2.6a5.8 5.8 0 1 0 7 7z"/>"#
);
