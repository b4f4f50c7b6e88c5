//! The product from outside: HTTP and hub, on real databases.

mod eventually;
mod executable;
mod hub_client;
mod person;
mod test_app;

mod architecture;
mod openapi;

mod access;
mod commands;
mod hub;
mod jobs;
mod limits;
mod log;
mod notifications;
mod operations;
mod pages;
mod passwords;
mod postgres;
mod recurring;
mod sessions;
mod settings;
mod sign_up;
mod stopping;
mod tenants;
