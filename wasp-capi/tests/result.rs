//! A result may be an argument of the instance's next call, whatever its length.

use std::ptr::null_mut;
use wasp::*;

fn text(text: &str) -> wasp_slice {
    wasp_slice { ptr: text.as_ptr().cast(), len: text.len() }
}

#[test]
fn a_result_may_be_an_argument_of_the_next_call() {
    let wat = include_str!("../../wasp-core/tests/plugins/lending.wat");
    // SAFETY: handles and slices are what the header asks for.
    unsafe {
        let (mut engine, mut instance) = (null_mut(), null_mut());
        assert!(wasp_engine_new(std::ptr::null(), Some(&mut engine)).is_none());
        assert!(wasp_engine_register(engine, text("p"), text(wat), None).is_none());
        assert!(wasp_instance_new(engine, text("p"), text(""), Some(&mut instance)).is_none());
        for length in [100, 4095, 4096, 100_000] {
            let count = wasp_value { kind: WASP_I32, of: wasp_value_of { i32: length } };
            let mut first = wasp_value { kind: WASP_NONE, of: wasp_value_of { i64: 0 } };
            let error = wasp_call(instance, text("bytes"), &count, 1, WASP_BYTES, &mut first);
            assert!(error.is_none());
            let mut second = wasp_value { kind: WASP_NONE, of: wasp_value_of { i64: 0 } };
            let error = wasp_call(instance, text("same"), &first, 1, WASP_BYTES, &mut second);
            assert!(error.is_none());
            let slice = second.of.slice;
            let bytes = std::slice::from_raw_parts(slice.ptr.cast::<u8>(), slice.len);
            assert!(bytes == "a".repeat(length as usize).as_bytes(), "{length}: {:?}", &bytes[..8]);
        }
        wasp_instance_free(instance);
        wasp_engine_free(Some(Box::from_raw(engine)));
    }
}
