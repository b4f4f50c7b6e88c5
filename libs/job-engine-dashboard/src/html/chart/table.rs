use job_engine::storage::Throughput;
use maud::{Markup, html};

use super::picture::height_of;
use crate::html::{number, time};

/// The numbers of the spans in which anything happened.
pub(super) fn numbers(bars: &[Throughput]) -> Markup {
    let busy = bars
        .iter()
        .rev()
        .filter(|bar| height_of(bar) + bar.deleted > 0);
    html! {
        div.table-frame.plain tabindex="0" role="region" aria-label="Throughput as a table" {
            table.plain {
                thead {
                    tr {
                        th scope="col" { "From" } th.number scope="col" { "Succeeded" }
                        th.number scope="col" { "Retried" } th.number scope="col" { "Given up" }
                        th.number scope="col" { "Deleted" }
                    }
                }
                tbody {
                    @for bar in busy {
                        tr {
                            td { (time::exact(bar.at)) }
                            @for n in [bar.succeeded, bar.retried, bar.failed, bar.deleted] {
                                td.number { (number(n)) }
                            }
                        }
                    }
                }
            }
        }
    }
}
