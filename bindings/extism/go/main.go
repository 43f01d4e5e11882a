// The plugin by Extism's kit for Go, built with Go's own compiler.
package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/extism/go-pdk"
)

//go:wasmimport extism:host/user shout
func shout(text uint64) uint64

//go:wasmexport count_vowels
func countVowels() int32 {
	count := 0
	for _, letter := range strings.ToLower(pdk.InputString()) {
		if strings.ContainsRune("aeiou", letter) {
			count++
		}
	}
	pdk.OutputString(fmt.Sprintf(`{"count":%d}`, count))
	return 0
}

//go:wasmexport echo
func echo() int32 {
	pdk.Output(pdk.Input())
	return 0
}

//go:wasmexport config
func config() int32 {
	value, _ := pdk.GetConfig(pdk.InputString())
	pdk.OutputString(value)
	return 0
}

//go:wasmexport remember
func remember() int32 {
	pdk.Output(pdk.GetVar("last"))
	pdk.SetVar("last", pdk.Input())
	return 0
}

//go:wasmexport call_host
func callHost() int32 {
	text := pdk.AllocateString(pdk.InputString())
	pdk.OutputMemory(pdk.FindMemory(shout(text.Offset())))
	return 0
}

//go:wasmexport fail
func fail() int32 {
	pdk.SetError(errors.New("no: " + pdk.InputString()))
	return 1
}

//go:wasmexport log
func log() int32 {
	text := pdk.InputString()
	pdk.Log(pdk.LogDebug, text)
	pdk.Log(pdk.LogInfo, text)
	pdk.Log(pdk.LogWarn, text)
	pdk.Log(pdk.LogError, text)
	return 0
}

//go:wasmexport get
func get() int32 {
	response := pdk.NewHTTPRequest(pdk.MethodGet, pdk.InputString()).Send()
	pdk.Output(fmt.Appendf(response.Body(), " %d", response.Status()))
	return 0
}

func main() {}
