# A Rust that is as new as a user's, where CI has that of Debian: rustc-web, which builds its own standard library for WASI in a minute. It
# would replace the system's Rust, so its packages are unpacked into build/guest instead. Sourced by ../test.sh.
# shellcheck shell=sh disable=SC2034,SC2154,SC2164

folder=$tools/rust-modern

toolchain() {
  # clang's packages have the C library of WASI, which Rust's links.
  debian clang lld wasi-libc libclang-rt-dev-wasm32
  # That of the outer toolchain links WebAssembly.
  linker=$(find "$(rustc --print sysroot)" -name rust-lld | head -n 1)
  [ -n "$linker" ]
  if [ ! -e "$folder/done" ]; then
    rm -rf "$folder"
    mkdir -p "$folder/packages"
    (
      cd "$folder/packages"
      llvm=$(apt-cache depends libstd-rust-web-1.96 | sed -n 's/.*Depends: \(libllvm[0-9]*\)$/\1/p')
      apt-get -o APT::Sandbox::User=root download rustc-web cargo-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src "$llvm"
      for package in *.deb; do
        # All of the compiler's own sources would be 400 MB.
        case $package in rust-web-src*) part='./usr/src/*/library' ;; *) part='./usr' ;; esac
        dpkg --fsys-tarfile "$package" | tar -x -C "$folder" --wildcards "$part"
      done
    )
    mkdir -p "$folder/usr/lib/rustlib/src"
    ln -sfn "../../../src/$(basename "$folder"/usr/src/rustc-*)" "$folder/usr/lib/rustlib/src/rust"
    rm -r "$folder/packages"
    touch "$folder/done"
  fi
  "$folder/usr/bin/cargo" --version
}

# Runs its cargo in a folder: in_rust FOLDER COMMAND...
in_rust() {
  (
    cd "$1"
    shift
    unset CARGO_TARGET_DIR RUSTUP_TOOLCHAIN
    LD_LIBRARY_PATH=$folder/usr/lib/$(uname -m)-linux-gnu:$(echo "$folder"/usr/lib/llvm-*/lib)
    export LD_LIBRARY_PATH RUSTC="$folder/usr/bin/rustc" RUSTDOC="$folder/usr/bin/rustdoc"
    # `-Z build-std` is for those who build compilers, too.
    RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_WASIP1_LINKER=$linker CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS=-L/usr/lib/wasm32-wasi \
      "$folder/usr/bin/cargo" "$@" --target-dir "$folder/target"
  )
}

# Builds a plugin's crate into a module.
in_wasm() {
  in_rust "$1" build --quiet --release -Z build-std=std,panic_abort --target wasm32-wasip1
  cp "$folder/target/wasm32-wasip1/release/$2.wasm" "$3"
}

own_tests() {
  in_rust "$guest/rust" test --quiet
  # A plugin with all kinds, in a crate as `wasp new` makes it.
  mkdir -p "$work/kinds/src"
  cp "$root/wasp-cli/tests/guests/kinds.rs" "$work/kinds/src/lib.rs"
  cp "$root/wasp-cli/tests/guests/shapes.rs" "$work/kinds/src"
  sed "s|NAME|kinds|; s|path = \"wasp-guest\"|path = \"$guest/rust\"|" "$root/wasp-cli/templates/rust/Cargo.toml.in" >"$work/kinds/Cargo.toml"
  in_rust "$work/kinds" test --quiet
  in_wasm "$work/kinds" kinds "$work/kinds.wasm"
  checked "$work/kinds.wasm" --callback 'env.call_me(string) string=Nic' --callback 'env.look_up(json) json="is here"'
  fails "$work/kinds.wasm" 'it raised: panicked at src/lib.rs:' panics 13
}

example() {
  in_wasm "$root/examples/plugins/rust" plugin "$1"
}
