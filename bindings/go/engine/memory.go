package engine

// #include "ffi.h"
import "C"

// Caller is the instance that calls a callback. It is valid until the callback returns.
type Caller struct {
	handle *C.wasp_caller // nil when the callback has returned
}

// MemorySize returns the size of the calling instance's memory in bytes; 0 if its plugin exports none.
func (c *Caller) MemorySize() int {
	if c.handle == nil {
		return 0
	}
	return int(C.wasp_caller_memory_size(c.handle))
}

// ReadMemory returns a copy of length bytes of the calling instance's memory, from address on. It returns an error of KindInvalid if
// they are not in the memory.
func (c *Caller) ReadMemory(address uint32, length int) ([]byte, error) {
	if c.handle == nil {
		return nil, returned()
	}
	return readMemory(c.MemorySize(), length, func(to *C.char, length C.size_t) C.wasp_go_outcome {
		return C.wasp_go_caller_read(c.handle, C.uint32_t(address), to, length)
	})
}

// WriteMemory copies data into the calling instance's memory, to address. It returns an error of KindInvalid if that is not in the
// memory, and where a string or []byte that the callback was given came from.
func (c *Caller) WriteMemory(address uint32, from []byte) error {
	if c.handle == nil {
		return returned()
	}
	return asError(C.wasp_go_caller_write(c.handle, C.uint32_t(address), data(from), C.size_t(len(from))), "")
}

func returned() error {
	return invalid("the caller is used after its callback has returned")
}

func (i *instance) MemorySize() int {
	if i.enter("") != nil {
		return 0
	}
	defer i.leave()
	return int(C.wasp_instance_memory_size(i.handle))
}

func (i *instance) MemoryUsed() int {
	if i.enter("") != nil {
		return 0
	}
	defer i.leave()
	return int(C.wasp_instance_memory_used(i.handle))
}

func (i *instance) ReadMemory(address uint32, length int) ([]byte, error) {
	if err := i.enter(""); err != nil {
		return nil, err
	}
	defer i.leave()
	size := int(C.wasp_instance_memory_size(i.handle))
	return readMemory(size, length, func(to *C.char, length C.size_t) C.wasp_go_outcome {
		return C.wasp_go_instance_read(i.handle, C.uint32_t(address), to, length)
	})
}

func (i *instance) WriteMemory(address uint32, from []byte) error {
	if err := i.enter(""); err != nil {
		return err
	}
	defer i.leave()
	return asError(C.wasp_go_instance_write(i.handle, C.uint32_t(address), data(from), C.size_t(len(from))), "")
}

// readMemory makes room for length bytes, but for no more than are there, and has them read.
func readMemory(size, length int, read func(*C.char, C.size_t) C.wasp_go_outcome) ([]byte, error) {
	if length < 0 {
		return nil, invalid("the length is %d, which is less than nothing", length)
	}
	// One byte more: its address is there also for no bytes.
	room := make([]byte, min(length, size)+1)
	if err := asError(read(data(room), C.size_t(length)), ""); err != nil {
		return nil, err
	}
	return room[:length:length], nil
}
