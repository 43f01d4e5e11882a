package benchmarks

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// peer is wasp's guest ABI over wazero, written to be fast: functions looked up once, no allocation for numbers.
type peer struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	newest   *peerInstance // the one that calls back
}

type peerInstance struct {
	module                     api.Module
	sum, hello, echo, callback api.Function
	allocate, deallocate       api.Function
	stack                      [2]uint64
}

var (
	background = context.Background()
	errMemory  = errors.New("a pointer outside memory")
)

func newPeer(path string) (*peer, error) {
	p := &peer{runtime: wazero.NewRuntimeWithConfig(background, wazero.NewRuntimeConfigCompiler())}
	wasi_snapshot_preview1.MustInstantiate(background, p.runtime)
	i32 := []api.ValueType{api.ValueTypeI32}
	_, err := p.runtime.NewHostModuleBuilder("env").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(context.Context, api.Module, []uint64) {}), i32, nil).Export("raise_error").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(p.callMe), i32, i32).Export("call_me").
		Instantiate(background)
	if err != nil {
		return nil, err
	}
	module, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p.compiled, err = p.runtime.CompileModule(background, module)
	return p, err
}

// callMe is the callback of the example plugins.
func (p *peer) callMe(_ context.Context, module api.Module, stack []uint64) {
	name, err := text(module, uint32(stack[0]))
	if err != nil {
		panic(err)
	}
	answer := "Hello " + name
	if _, err := p.newest.call(p.newest.deallocate, stack[0], uint64(len(name)+1)); err != nil {
		panic(err)
	}
	if stack[0], err = p.newest.place(answer); err != nil {
		panic(err)
	}
}

func (p *peer) instance() (*peerInstance, error) {
	module, err := p.runtime.InstantiateModule(background, p.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		return nil, err
	}
	find := module.ExportedFunction
	p.newest = &peerInstance{module: module, sum: find("sum"), hello: find("hello"), echo: find("echo"), callback: find("callback"),
		allocate: find("allocate"), deallocate: find("deallocate")}
	return p.newest, nil
}

func (i *peerInstance) call(function api.Function, in ...uint64) (uint64, error) {
	copy(i.stack[:], in)
	err := function.CallWithStack(background, i.stack[:])
	return i.stack[0], err
}

func (i *peerInstance) Sum(a, b int32) (int32, error) {
	result, err := i.call(i.sum, api.EncodeI32(a), api.EncodeI32(b))
	return int32(result), err
}

func (i *peerInstance) Hello(name string) (string, error) {
	in, err := i.place(name)
	if err != nil {
		return "", err
	}
	out, err := i.call(i.hello, in)
	if err != nil {
		return "", err
	}
	result, err := text(i.module, uint32(out))
	if err == nil {
		_, err = i.call(i.deallocate, in, uint64(len(name)+1))
	}
	if err == nil {
		_, err = i.call(i.deallocate, out, uint64(len(result)+1))
	}
	return result, err
}

// place copies a string into the plugin.
func (i *peerInstance) place(s string) (uint64, error) {
	at, err := i.call(i.allocate, uint64(len(s)+1))
	if err != nil {
		return 0, err
	}
	memory := i.module.Memory()
	if !memory.WriteString(uint32(at), s) || !memory.WriteByte(uint32(at)+uint32(len(s)), 0) {
		return 0, errMemory
	}
	return at, nil
}

func (i *peerInstance) Callback() (string, error) {
	out, err := i.call(i.callback)
	if err != nil {
		return "", err
	}
	result, err := text(i.module, uint32(out))
	if err == nil {
		_, err = i.call(i.deallocate, out, uint64(len(result)+1))
	}
	return result, err
}

func (i *peerInstance) Echo(data []byte) ([]byte, error) {
	size := uint64(len(data) + 4)
	in, err := i.call(i.allocate, size)
	if err != nil {
		return nil, err
	}
	if !i.module.Memory().WriteUint32Le(uint32(in), uint32(len(data))) || !i.module.Memory().Write(uint32(in)+4, data) {
		return nil, errMemory
	}
	out, err := i.call(i.echo, in)
	if err != nil {
		return nil, err
	}
	length, ok := i.module.Memory().ReadUint32Le(uint32(out))
	view, ok2 := i.module.Memory().Read(uint32(out)+4, length)
	if !ok || !ok2 {
		return nil, errMemory
	}
	result := bytes.Clone(view)
	if _, err = i.call(i.deallocate, in, size); err == nil {
		_, err = i.call(i.deallocate, out, uint64(length+4))
	}
	return result, err
}

// text reads a string up to its NUL.
func text(module api.Module, at uint32) (string, error) {
	memory := module.Memory()
	rest, ok := memory.Read(at, memory.Size()-at)
	end := bytes.IndexByte(rest, 0)
	if !ok || end < 0 {
		return "", errMemory
	}
	return string(rest[:end]), nil
}
