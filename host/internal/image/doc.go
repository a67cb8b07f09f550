// Package image holds the linear memories of sandbox instances.
//
// An [Image] is the immutable snapshot of a guest's memory after start-up. Every fresh instance gets a [Memory] from
// it: byte for byte the image at first, private to the instance, and put back to the image by [Memory.Reset] when the
// instance is recycled. A reset costs about a microsecond where few pages were written, so that an instance can be had
// for less than a system call or two.
//
// # Life of a memory
//
//	start := image.NewStartup(max, nil)            // no image yet
//	...                                            // instantiate with start as allocator, run start-up
//	img, err := image.New(start.Bytes(), image.Config{Max: max})
//
//	mem, err := img.NewMemory(nil)
//	ctx = experimental.WithMemoryAllocator(ctx, mem)
//	mod, err := runtime.InstantiateModule(ctx, compiled, config)
//	...                                            // events
//	err = mem.Reset(mod.Memory())                  // the instance is fresh again, or err says that it must go
//	...
//	mod.Close(ctx)                                 // wazero calls mem.Free
//	mem.Close()
//
// The order of the last two does not matter: what the memory occupies is given back when both have happened, since
// wazero keeps its slice of a closed module and does not guard calls into one. The caller owes one thing: neither may be
// called while a goroutine is inside the module or holds a slice of its memory, or will call it again.
//
// A memory belongs to one goroutine at a time, an Image to all.
//
// # Where the bytes are
//
// On 64-bit Linux an image is a sealed memfd and a memory is a private copy-on-write mapping of it, so that an instance
// occupies only what it wrote. A memory is a single mapping, growth included, and all memories of the process together
// leave an eighth of vm.max_map_count alone; when the allowance is used up, further memories are copies on the heap, as
// they are on every other platform.
//
// A [Strategy] says how written pages are found and put back. Copying a page back (45 to 100 ns) always beats having the
// kernel drop it, which costs a page fault (2 to 3 us) when it is written next. So pages that an instance once wrote stay
// private and are compared with the image at each reset; when pages that are no longer written have cost more than
// faulting in the rest would, all are dropped at once. There is nothing to find while the process's count of page faults
// stays the same, since every first write is one.
//
// # Saving
//
// What an instance that has nothing to do differs in from the image is mostly some hundred bytes in some pages.
// [Memory.Save] extracts it, and [Memory.Load] puts it into any other fresh memory of the image, so that the instance
// needs neither memory nor module until its next event.
//
// # Growth
//
// Memory grown beyond the image is dropped by Reset, and wazero is made to see the former length again; see
// [Memory.Reset] for the one case in which this is not possible.
package image
