//! How people get in.

pub mod sign_up;

pub mod create_first_admin;

pub mod set_password;

mod back_off;
pub mod sign_in;

pub mod refresh_session;

mod sign_out;

mod find_user;

pub(crate) use create_first_admin::ensure_user;
pub use create_first_admin::{CreateFirstAdminError, FirstAdmin, create_first_admin};
pub use find_user::{find_user, session_user};
pub use refresh_session::{RefreshError, refresh_session};
pub use set_password::{SetPasswordError, set_password};
pub use sign_in::{SignInError, SignedIn, sign_in};
pub use sign_out::{end_session, sign_out};
pub use sign_up::{SignUp, SignUpError, sign_up};
