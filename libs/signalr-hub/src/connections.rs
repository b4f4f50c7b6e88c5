//! Who is connected to this server now, in which groups, as which users.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use http::Extensions;

use crate::{
    backplane::{Parcel, Target},
    connection::Connection,
    durable::Delivery,
    outbox::Outgoing,
    protocol::Protocol,
};

/// One client whose handshake is done.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) connection: Arc<Connection>,
    pub(crate) protocol: Protocol,
    /// As it was at the handshake: routing does not change during a connection.
    pub(crate) user_id: Option<Arc<str>>,
    /// What hub methods remember about this connection.
    pub(crate) items: Mutex<Extensions>,
    pub(crate) delivery: Delivery,
}

impl Client {
    pub(crate) fn id(&self) -> &Arc<str> {
        &self.connection.id
    }

    fn deliver(&self, parcel: &Parcel) {
        if let Some(bytes) = parcel.written_in(self.protocol) {
            let call = Outgoing::call(bytes.clone(), parcel.subject);
            self.connection.send(call);
        }
    }
}

/// The clients of this server.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    clients: HashMap<Arc<str>, Entry>,
    groups: HashMap<Arc<str>, Members>,
    users: HashMap<Arc<str>, Members>,
}

#[derive(Debug)]
struct Entry {
    client: Arc<Client>,
    groups: HashSet<Arc<str>>,
}

type Members = HashMap<Arc<str>, Arc<Client>>;

impl Connections {
    pub(crate) fn add(&self, client: &Arc<Client>) {
        let mut state = self.write();
        if let Some(user) = &client.user_id {
            let members = state.users.entry(Arc::clone(user)).or_default();
            members.insert(Arc::clone(client.id()), Arc::clone(client));
        }
        let entry = Entry {
            client: Arc::clone(client),
            groups: HashSet::new(),
        };
        state.clients.insert(Arc::clone(client.id()), entry);
    }

    pub(crate) fn remove(&self, client: &Client) {
        let mut state = self.write();
        let Some(entry) = state.clients.remove(client.id()) else {
            return;
        };
        for group in &entry.groups {
            leave(&mut state.groups, group, client.id());
        }
        if let Some(user) = &client.user_id {
            leave(&mut state.users, user, client.id());
        }
    }

    /// False: there is no such connection here.
    pub(crate) fn join_group(&self, connection: &str, group: &str) -> bool {
        let mut state = self.write();
        let State {
            clients, groups, ..
        } = &mut *state;
        let Some(entry) = clients.get_mut(connection) else {
            return false;
        };

        let name: Arc<str> = match groups.get_key_value(group) {
            Some((name, _)) => Arc::clone(name),
            None => group.into(),
        };
        let members = groups.entry(Arc::clone(&name)).or_default();
        members.insert(Arc::clone(entry.client.id()), Arc::clone(&entry.client));
        entry.groups.insert(name);
        true
    }

    /// False: there is no such connection here.
    pub(crate) fn leave_group(&self, connection: &str, group: &str) -> bool {
        let mut state = self.write();
        let Some(entry) = state.clients.get_mut(connection) else {
            return false;
        };
        entry.groups.remove(group);
        leave(&mut state.groups, group, connection);
        true
    }

    pub(crate) fn find(&self, connection: &str) -> Option<Arc<Client>> {
        let state = self.read();
        let entry = state.clients.get(connection)?;
        Some(Arc::clone(&entry.client))
    }

    /// Puts a message into the outbox of everyone meant. Never waits.
    pub(crate) fn deliver(&self, target: &Target, except: &[String], parcel: &Parcel) {
        self.for_each(target, |client| {
            if !except.iter().any(|id| **id == **client.id()) {
                client.deliver(parcel);
            }
        });
    }

    /// Calls `visit` for everyone meant, twice for who is in two of the groups.
    pub(crate) fn for_each(&self, target: &Target, mut visit: impl FnMut(&Arc<Client>)) {
        let state = self.read();
        match target {
            Target::All => state
                .clients
                .values()
                .for_each(|entry| visit(&entry.client)),
            Target::Connections(ids) => ids
                .iter()
                .filter_map(|id| state.clients.get(id.as_str()))
                .for_each(|entry| visit(&entry.client)),
            Target::Groups(names) => members_of(&state.groups, names).for_each(visit),
            Target::Users(ids) => members_of(&state.users, ids).for_each(visit),
        }
    }

    /// All connections of a user.
    pub(crate) fn of_user(&self, user: &str) -> Vec<Arc<Client>> {
        let state = self.read();
        let members = state.users.get(user).into_iter().flat_map(HashMap::values);
        members.cloned().collect()
    }

    /// Everyone who has a name.
    pub(crate) fn users(&self) -> Vec<String> {
        let state = self.read();
        state.users.keys().map(ToString::to_string).collect()
    }

    /// Every group that has a member.
    pub(crate) fn groups(&self) -> Vec<String> {
        let state = self.read();
        state.groups.keys().map(ToString::to_string).collect()
    }

    /// The groups a connection of this server is in.
    pub(crate) fn groups_of(&self, connection: &str) -> Vec<String> {
        let state = self.read();
        let entry = state.clients.get(connection);
        let groups = entry.into_iter().flat_map(|entry| &entry.groups);
        groups.map(ToString::to_string).collect()
    }

    /// The ids of everyone meant.
    pub(crate) fn ids(&self, target: &Target) -> Vec<String> {
        let mut ids = Vec::new();
        self.for_each(target, |client| ids.push(client.id().to_string()));
        ids
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn members_of<'a>(
    index: &'a HashMap<Arc<str>, Members>,
    names: &'a [String],
) -> impl Iterator<Item = &'a Arc<Client>> {
    names
        .iter()
        .filter_map(|name| index.get(name.as_str()))
        .flat_map(HashMap::values)
}

fn leave(index: &mut HashMap<Arc<str>, Members>, name: &str, connection: &str) {
    if let Some(members) = index.get_mut(name) {
        members.remove(connection);
        if members.is_empty() {
            index.remove(name);
        }
    }
}
