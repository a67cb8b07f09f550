// Package rewrite instruments guests before they are compiled, so that code nobody trusts can be run to a limit of time
// and memory, started from an image, and called cheaply. [Rewrite] decodes a module, changes it and encodes it anew.
//
// # Fuel
//
// A guest pays for what it executes: one unit an instruction, more for slow ones, and by size for what works on ranges
// (cost.go has the figures). Code is divided into regions that are executed as a whole or not at all (regions.go), and
// each is paid for as it is entered. A conditional region of at most 32 units is paid for by the one it hangs on,
// executed or not; apart from that the charge is what counting every instruction comes to. It depends on the
// guest's code and input alone: the same event costs the same fuel on every machine and however it is sliced. What a
// trap cuts short is paid for to the end of its region.
//
// Paying and checking are apart. Fuel may go below zero; it is looked at where a function begins that calls others or
// is long, at each loop's header, and in code that is very long. So every cycle and every recursion passes a check,
// and what runs between two checks is some tens of thousands of units at most. The check calls [Refuel], where the host
// grants the next slice or ends the guest. memory.fill and memory.copy check between chunks of 64 KiB.
//
// # Stack
//
// wazero keeps a guest's stack on Go's heap, where it may grow to tens of megabytes. A budget in bytes, [Depth], is
// handed from each function to those it calls, less an upper estimate of its own frame (frame.go); where it is used up,
// [Overflow] is called. Functions that call nothing neither pay nor check: they add one frame, whose size the limits on
// locals and complexity bound, to a stack that was within its limit.
//
// # How both are passed
//
// Every function of the guest gets two more parameters, the stack left and the fuel left, and one more result, the
// fuel left. wazero passes them in registers. In a global, the fuel would be loaded and stored in every region, and the
// stack would have to be put back on every way out of a function; as a parameter it puts itself back. Imports have the
// signatures they had: around their calls the fuel is in the global [Fuel].
//
// A loop's check must not stand in the loop's way. wazero lays code out in the order in which it comes and has no
// notion of unlikely branches, so the slow path of a loop's check stands behind the loop's body and jumps back to the
// header. That is worth more than anything else here: the tightest loop, 1.7 to 1.9 times slower with the slow path in
// place, takes the time it took.
//
// # Tables
//
// wazero makes an object of each table entry of each instance, and standard Go has all functions in one table. A table
// that nothing can change is replaced: call_indirect becomes a call of a synthesised function, one for each signature,
// that jumps to a direct call of each function in the table (indirect.go). Table and elements are gone from the
// instance. Wrong indices trap as they did.
//
// # The rest
//
// All events go through one exported function, [Dispatch], because each function that wazero is asked for costs 12 KB
// an instance. Active data segments are handed to the host, which writes them once and takes an image; the start
// function is one more event. Mutable globals are exported. Memory and tables have their maximum clamped.
//
// # What a guest cannot do
//
// The rewritten module is valid exactly if the original is, and what was added cannot be reached from the guest's code:
// it names locals, globals and functions by indices that were checked against the original and are shifted past ours,
// and every sequence that is inserted leaves the operand stack as it found it.
package rewrite
