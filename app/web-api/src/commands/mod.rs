use crate::config::Config;
use clap::CommandFactory;
use std::io::Write;

pub fn serve(config: Config) -> anyhow::Result<()> { crate::logging::start(&config); Ok(()) }
pub fn work(_config: Config) -> anyhow::Result<()> { Ok(()) }
pub fn migrate(_config: Config) -> anyhow::Result<()> { Ok(()) }
pub fn openapi() -> anyhow::Result<()> { Ok(()) }
pub fn help<C: CommandFactory>() -> anyhow::Result<()> {
    print(&C::command().render_long_help().to_string())
}
pub fn print(text: &str) -> anyhow::Result<()> {
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(())
}
