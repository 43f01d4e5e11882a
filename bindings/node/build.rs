//! Lets the addon find N-API's symbols in the process that loads it.

fn main() {
    napi_build::setup();
}
