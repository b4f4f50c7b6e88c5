use maud::{Markup, html};

/// A column: its heading, and its class for the style sheet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    pub(crate) heading: &'static str,
    pub(crate) class: &'static str,
}

pub(crate) const fn column(heading: &'static str, class: &'static str) -> Column {
    Column { heading, class }
}

/// A table that becomes cards on narrow screens. Each cell of `rows` must say its column with
/// [`cell`].
pub(crate) fn table(caption: &str, columns: &[Column], rows: &Markup) -> Markup {
    html! {
        div.table-frame {
            table {
                caption.unseen { (caption) }
                thead {
                    tr {
                        @for column in columns {
                            th.(column.class) scope="col" { (heading(column)) }
                        }
                    }
                }
                tbody { (rows) }
            }
        }
    }
}

fn heading(column: &Column) -> Markup {
    match column.class {
        "tick" => html! {
            input type="checkbox" hidden data-tick-all aria-label="Tick all rows";
            span.unseen { "Ticked" }
        },
        "row-actions" => html! { span.unseen { "Actions" } },
        _ => html! { (column.heading) },
    }
}

/// A cell; on a card, the heading stands before it.
pub(crate) fn cell(column: &Column, content: &Markup) -> Markup {
    html! { td.(column.class) data-label=(column.heading) { (content) } }
}
