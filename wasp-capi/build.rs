//! Gives the shared library its SONAME, and its users nothing but `wasp_*`.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // While the version is 0.x, each minor one may break the ABI.
    let version =
        |part: &str| std::env::var(format!("CARGO_PKG_VERSION_{part}")).unwrap_or_default();
    let soname = format!("libwasp.so.{}.{}", version("MAJOR"), version("MINOR"));
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,{soname}");
        // Rust would also export what dependencies mark as `no_mangle`, as wasmer's wasmer_vm_*; they are in archives.
        println!("cargo::rustc-cdylib-link-arg=-Wl,--exclude-libs,ALL");
    }
}
