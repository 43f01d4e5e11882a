package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"strings"
)

// plugin is what a package offers the host and wants of it.
type plugin struct {
	pkg     string
	exports []function
	imports []function
}

// function is an ordinary one.
type function struct {
	// ident is its name in Go, and name the one that the host knows it by; an import has a module, too.
	ident, module, name string
	params              []param
	// result is empty where there is none.
	result value
	fails  bool
	docs   string
}

type param struct {
	name string
	value
}

// value is a type of Go's, as it is written, and the kind that it passes as.
type value struct{ text, kind string }

var kinds = map[string]string{
	"string": "string", "[]byte": "bytes", "json.RawMessage": "json",
	"bool": "i32", "int32": "i32", "uint32": "i32", "int": "i64", "int64": "i64", "uint64": "i64",
	"int8": "i32", "int16": "i32", "uint8": "i32", "byte": "i32", "uint16": "i32",
	"float32": "f32", "float64": "f64",
}

// read reads a package without its tests and without what was generated.
func read(directory string) (*plugin, error) {
	files := token.NewFileSet()
	wanted := func(file fs.FileInfo) bool {
		return file.Name() != output && !strings.HasSuffix(file.Name(), "_test.go")
	}
	packages, err := parser.ParseDir(files, directory, wanted, parser.ParseComments)
	if err != nil {
		return nil, err
	}
	if len(packages) != 1 {
		return nil, fmt.Errorf("%d packages are in %q, and 1 is accepted", len(packages), directory)
	}
	result := &plugin{}
	for name, pkg := range packages {
		result.pkg = name
		for _, file := range sorted(pkg.Files) {
			if err := result.readFile(file, files); err != nil {
				return nil, err
			}
		}
	}
	if len(result.exports) == 0 {
		return nil, errors.New("no function is marked by //wasp:export")
	}
	return result, nil
}

func (p *plugin) readFile(file *ast.File, files *token.FileSet) error {
	for _, declaration := range file.Decls {
		var err error
		switch declaration := declaration.(type) {
		case *ast.FuncDecl:
			err = p.readExport(declaration)
		case *ast.GenDecl:
			err = p.readImports(declaration)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", files.Position(declaration.Pos()), err)
		}
	}
	return nil
}

func (p *plugin) readExport(declaration *ast.FuncDecl) error {
	words, marked := directive(declaration.Doc, "export")
	if !marked {
		return nil
	}
	name := declaration.Name.Name
	if declaration.Recv != nil || declaration.Type.TypeParams != nil {
		return fmt.Errorf("%s is marked by //wasp:export, and only functions without a receiver and type parameters are accepted", name)
	}
	f := function{ident: name, name: strings.ToLower(name[:1]) + name[1:], docs: docs(declaration.Doc)}
	switch len(words) {
	case 0:
	case 1:
		f.name = words[0]
	default:
		return fmt.Errorf("%q follows //wasp:export, and one name is accepted", strings.Join(words, " "))
	}
	if err := f.readType(declaration.Type); err != nil {
		return err
	}
	p.exports = append(p.exports, f)
	return nil
}

func (p *plugin) readImports(declaration *ast.GenDecl) error {
	if declaration.Tok != token.VAR {
		return nil
	}
	for _, spec := range declaration.Specs {
		spec := spec.(*ast.ValueSpec)
		doc := spec.Doc
		if doc == nil {
			doc = declaration.Doc
		}
		words, marked := directive(doc, "import")
		if !marked {
			continue
		}
		ty, ok := spec.Type.(*ast.FuncType)
		if !ok || len(words) != 2 || len(spec.Names) != 1 {
			return errors.New("//wasp:import is followed by a module and a name, and marks one variable of a function's type, as in var callMe func(name string) string")
		}
		f := function{ident: spec.Names[0].Name, module: words[0], name: words[1]}
		if err := f.readType(ty); err != nil {
			return err
		}
		if f.fails {
			return fmt.Errorf("%s returns an error, and a host function that fails ends the call", f.ident)
		}
		p.imports = append(p.imports, f)
	}
	return nil
}

func (f *function) readType(ty *ast.FuncType) error {
	for _, field := range ty.Params.List {
		if _, variadic := field.Type.(*ast.Ellipsis); variadic {
			return fmt.Errorf("%s has any number of parameters, which no plugin's function has", f.ident)
		}
		names := field.Names
		if len(names) == 0 {
			names = []*ast.Ident{{}}
		}
		for _, name := range names {
			name := name.Name
			if name == "" || name == "_" {
				name = fmt.Sprintf("arg%d", len(f.params)+1)
			}
			f.params = append(f.params, param{name, valueOf(field.Type)})
		}
	}
	var results []ast.Expr
	if ty.Results != nil {
		for _, field := range ty.Results.List {
			for range max(len(field.Names), 1) {
				results = append(results, field.Type)
			}
		}
	}
	if last := len(results) - 1; last >= 0 && types.ExprString(results[last]) == "error" {
		f.fails, results = true, results[:last]
	}
	switch len(results) {
	case 0:
	case 1:
		f.result = valueOf(results[0])
	default:
		return fmt.Errorf("%s returns %d values, and one is accepted, and an error behind it", f.ident, len(results))
	}
	return nil
}

// valueOf returns the kind of a type: JSON for all that isn't plain.
func valueOf(ty ast.Expr) value {
	text := types.ExprString(ty)
	if text == "[]uint8" {
		text = "[]byte"
	}
	if kind, plain := kinds[text]; plain {
		return value{text, kind}
	}
	return value{text, "json"}
}

// directive returns the words behind //wasp:name.
func directive(doc *ast.CommentGroup, name string) (words []string, marked bool) {
	if doc == nil {
		return nil, false
	}
	for _, comment := range doc.List {
		words := strings.Fields(comment.Text)
		if len(words) > 0 && words[0] == "//wasp:"+name {
			return words[1:], true
		}
	}
	return nil, false
}

// docs returns the first paragraph, on one line. Directives are no part of a comment's text.
func docs(doc *ast.CommentGroup) string {
	first, _, _ := strings.Cut(doc.Text(), "\n\n")
	return strings.Join(strings.Fields(first), " ")
}
