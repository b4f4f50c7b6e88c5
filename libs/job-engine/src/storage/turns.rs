//! Fair shares, for storages that choose in Rust.

use super::JobId;

/// A waiting job that a server could run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The job.
    pub id: JobId,
    /// Its [key](crate::NewJob::limit_key).
    pub key: Option<String>,
}

/// Takes the first job of every tenant, then the second of every tenant, and so on, at most `limit`.
/// The jobs of each tenant stand in the order of their claims. `takes_room` is asked whether one more
/// job of a key may be claimed; the job is passed over if not.
pub fn in_turn<J: Iterator<Item = Candidate>>(
    mut tenants: Vec<J>,
    limit: usize,
    mut takes_room: impl FnMut(&str) -> bool,
) -> Vec<Candidate> {
    let mut may_run = |job: &Candidate| job.key.as_deref().is_none_or(&mut takes_room);
    let mut taken = Vec::new();
    while taken.len() < limit && !tenants.is_empty() {
        let mut rest = Vec::with_capacity(tenants.len());
        for mut jobs in tenants {
            if taken.len() == limit {
                break;
            }
            if let Some(job) = jobs.find(&mut may_run) {
                taken.push(job);
                rest.push(jobs);
            }
        }
        tenants = rest;
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(count: usize, key: Option<&str>) -> Vec<Candidate> {
        let job = |_| Candidate {
            id: JobId::random(),
            key: key.map(str::to_owned),
        };
        (0..count).map(job).collect()
    }

    /// Which job of which tenant, with room for one job of the key `a`.
    fn turns(tenants: &[Vec<Candidate>], limit: usize) -> Vec<(usize, usize)> {
        let mut free = 1;
        let takes_room = |key: &str| {
            let may_run = key == "a" && free > 0;
            free -= i32::from(may_run);
            may_run
        };
        let lines = tenants.iter().map(|jobs| jobs.iter().cloned()).collect();
        let place = |taken: &Candidate| {
            let tenant = tenants.iter().position(|jobs| jobs.contains(taken));
            let tenant = tenant.expect("it is one of them");
            let place = tenants[tenant].iter().position(|job| job == taken);
            (tenant, place.expect("it is one of them"))
        };
        in_turn(lines, limit, takes_room)
            .iter()
            .map(place)
            .collect()
    }

    #[test]
    fn tenants_take_turns_until_only_one_has_jobs() {
        let tenants = [jobs(5, None), jobs(1, None), jobs(2, None)];

        let taken = turns(&tenants, 6);

        assert_eq!(taken, [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2)]);
    }

    #[test]
    fn no_more_than_the_limit_is_taken() {
        let tenants = [jobs(5, None), jobs(5, None), jobs(5, None)];

        assert_eq!(turns(&tenants, 2), [(0, 0), (1, 0)]);
        assert!(turns(&tenants, 0).is_empty());
    }

    #[test]
    fn a_job_whose_key_is_full_does_not_stand_in_the_way() {
        let mut mixed = jobs(3, Some("a"));
        mixed.extend(jobs(1, None));
        let tenants = [mixed, jobs(1, Some("b"))];

        let taken = turns(&tenants, 10);

        assert_eq!(taken, [(0, 0), (0, 3)]);
    }
}
