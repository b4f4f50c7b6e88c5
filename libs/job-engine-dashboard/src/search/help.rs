/// What can be asked for, with an example and what it finds: the help of the search box.
pub(crate) const HELP: [(&str, &str); 14] = [
    (
        "timed out",
        "the kind, arguments or error contain both words",
    ),
    ("\"timed out\"", "… contain exactly this"),
    (
        "state:failed,deleted",
        "jobs in one of these states; retrying is one, too",
    ),
    ("queue:mail", "jobs of a queue"),
    ("kind:send_email", "jobs of a kind"),
    ("tenant:acme tag:vip", "jobs of a tenant, with a tag"),
    ("batch:ID", "jobs of the batch with this id"),
    ("error:timeout", "the last error contains this"),
    (
        "args.user.id:42",
        "the arguments have this value at this path",
    ),
    (
        "created:<2h",
        "enqueued in the last 2 hours; >2h: before that",
    ),
    (
        "changed:2026-11-26",
        "in its state since that day; .. makes a range",
    ),
    ("attempts:>=3", "tried at least 3 times"),
    ("id:0191f2", "ids that begin so"),
    ("-queue:mail", "a minus finds the others"),
];
