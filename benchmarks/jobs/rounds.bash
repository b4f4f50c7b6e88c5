# What `pinned` and `finished` have in common: rounds of the same jobs in a database of their own. It is
# sourced, with `rounds` and `N` set.

export C=20
bench=${BENCH:-target/release/examples/postgres_bench}
cluster=${DIQUIS_TEST_POSTGRES_URL:?run it with scripts/with-postgres}

begin_in() {
  PGOPTIONS="-c client_min_messages=warning" psql -qX "$cluster" -c "drop database if exists $1 with (force)" -c "create database $1"
  export DATABASE_URL="${cluster%/*}/$1"
  "$bench" setup
  round >/dev/null # the first one makes the tables grow
}

several_rounds() {
  local i
  for ((i = 0; i < rounds; i++)); do round; done
}

round() {
  "$bench" bulk >/dev/null
  "$bench" process | sed -E 's/.*"rate":([0-9]+).*/  \1 jobs\/s/'
}
