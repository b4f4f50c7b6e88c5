//! Clocks that are set to another time: the database's, or that of the machine on which the workers
//! share a file.

use rand::{Rng, RngExt};

use crate::crew::{Crew, Word};
use crate::place::Place;

/// Many times longer than a server may be silent.
const FURTHEST: i64 = 120;

/// PostgreSQL looks here first for its functions of time, as long as nobody says where they are.
pub(crate) const CLOCK_THAT_CAN_BE_SET: &str = "
create schema clock;
create table clock.ahead (seconds bigint not null);
insert into clock.ahead values (0);
create function clock.clock_timestamp() returns timestamptz language sql volatile as $$
  select pg_catalog.clock_timestamp() + seconds * interval '1 second' from clock.ahead
$$;
create function clock.statement_timestamp() returns timestamptz language sql stable as $$
  select pg_catalog.statement_timestamp() + seconds * interval '1 second' from clock.ahead
$$;
do $$ begin
  execute format('alter database %I set search_path = clock, pg_catalog, public', current_database());
end $$";

/// How far the workers' time is from the true one.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// In seconds, at the most so far; `None` as long as nobody has set it.
    furthest: Option<i64>,
}

impl Clock {
    /// Ahead or back.
    pub(crate) async fn set(&mut self, chance: &mut impl Rng, crew: &mut Crew, place: &Place) {
        let ahead = chance.random_range(-FURTHEST..=FURTHEST);
        self.furthest = Some(self.furthest.unwrap_or_default().max(ahead));
        set(ahead, crew, place).await;
    }

    /// So that all that is due at a time that has been is due.
    pub(crate) async fn catch_up(&self, crew: &mut Crew, place: &Place) {
        if let Some(furthest) = self.furthest {
            set(furthest, crew, place).await;
        }
    }
}

async fn set(ahead: i64, crew: &mut Crew, place: &Place) {
    crew.excuse_all();
    place.set_clock(ahead).await;
    crew.tell(Word::Clock(ahead)).await;
}
