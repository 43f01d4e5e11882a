//! Text that a module's function returns the address of, where that can be read without running it: the function is one
//! constant, as compilers make it of a string, and a data segment has the text there.

use wasmer::sys::wasmparser::{
    BinaryReaderError, ConstExpr, Data, DataKind, ExternalKind, FunctionBody, Operator, Parser,
    Payload, TypeRef,
};

/// Returns the text whose address the exported function `name` of `wasm`, which is valid, returns; none where it is computed.
pub(super) fn read(wasm: &[u8], name: &str) -> Option<String> {
    let module = Module::read(wasm, name).ok()?;
    let address = constant(&module.body?)?;
    // The last segment over the place is what is there.
    let text = module.segments.iter().rev().find_map(|data| {
        let offset = address.checked_sub(offset(data)?)?;
        data.data.get(offset as usize..)
    })?;
    let end = text.iter().position(|byte| *byte == 0)?;
    std::str::from_utf8(&text[..end]).ok().map(str::to_owned)
}

/// What must be known of the module.
struct Module<'a> {
    body: Option<FunctionBody<'a>>,
    segments: Vec<Data<'a>>,
}

impl<'a> Module<'a> {
    fn read(wasm: &'a [u8], name: &str) -> Result<Self, BinaryReaderError> {
        let mut module = Self { body: None, segments: Vec::new() };
        let (mut imported, mut bodies, mut wanted) = (0, 0, None);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.name == name && export.kind == ExternalKind::Func {
                            wanted = export.index.checked_sub(imported);
                        }
                    }
                    if wanted.is_none() {
                        break;
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    if Some(bodies) == wanted {
                        module.body = Some(body);
                    }
                    bodies += 1;
                }
                Payload::DataSection(segments) => {
                    module.segments = segments.into_iter().collect::<Result<_, _>>()?;
                }
                _ => {}
            }
        }
        Ok(module)
    }
}

/// Returns what a function returns that does nothing else.
fn constant(body: &FunctionBody<'_>) -> Option<u32> {
    let operators = body.get_operators_reader().ok()?.into_iter();
    only_constant(operators.map_while(Result::ok))
}

/// Returns where in the first memory a segment is put.
fn offset(data: &Data<'_>) -> Option<u32> {
    match &data.kind {
        DataKind::Active { memory_index: 0, offset_expr } => constant_expression(offset_expr),
        _ => None,
    }
}

fn constant_expression(expression: &ConstExpr<'_>) -> Option<u32> {
    only_constant(expression.get_operators_reader().into_iter().map_while(Result::ok))
}

fn only_constant<'a>(mut operators: impl Iterator<Item = Operator<'a>>) -> Option<u32> {
    let Some(Operator::I32Const { value }) = operators.next() else { return None };
    let mut rest = operators.filter(|operator| !matches!(operator, Operator::Return));
    (matches!(rest.next(), Some(Operator::End)) && rest.next().is_none())
        .then_some(value.cast_unsigned())
}
