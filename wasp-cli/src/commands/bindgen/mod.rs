//! stub
use crate::arguments::Bindgen;
use crate::failure::Outcome;
use crate::output::Output;
pub fn run(_: &Bindgen, _: Option<std::path::PathBuf>, _: &Output) -> Outcome {
    Ok(())
}
