package command

import (
	"strings"

	"github.com/alcovedb/alcove/store"
)

func init() { register(bitmapCommands) }

var bitmapCommands = []*Command{
	{
		Name: "bitcount", Arity: -2, Flags: ReadOnly, Since: "2.6.0", Group: "bitmap",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Counts the bits that are set.",
		run:     runBitCount,
	},
	{
		Name: "bitfield", Arity: -2, Flags: Write | DenyOOM, Since: "3.2.0", Group: "bitmap",
		Keys:    []KeySpec{at(1, "RW access update variable_flags")},
		Summary: "Reads and writes integers of a few bits each.",
		run:     runBitField,
	},
	{
		Name: "bitfield_ro", Arity: -2, Flags: ReadOnly | Fast, Since: "6.0.0", Group: "bitmap",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Reads integers of a few bits each.",
		run:     runBitFieldRO,
	},
	{
		Name: "bitop", Arity: -4, Flags: Write | DenyOOM, Since: "2.6.0", Group: "bitmap",
		Keys:    []KeySpec{at(2, "OW update"), span(3, -1, 1, "RO access")},
		Summary: "Combines bitmaps bit by bit.",
		run:     runBitOp,
	},
	{
		Name: "bitpos", Arity: -3, Flags: ReadOnly, Since: "2.8.7", Group: "bitmap",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Finds the first bit that is set, or is not.",
		run:     runBitPos,
	},
	{
		Name: "getbit", Arity: 3, Flags: ReadOnly | Fast, Since: "2.2.0", Group: "bitmap",
		Keys:    []KeySpec{at(1, "RO access")},
		Summary: "Gives one bit.",
		run:     runGetBit,
	},
	{
		Name: "setbit", Arity: 4, Flags: Write | DenyOOM, Since: "2.2.0", Group: "bitmap",
		Keys:    []KeySpec{at(1, "RW access update")},
		Summary: "Sets or clears one bit.",
		run:     runSetBit,
	},
}

// bitOffset reads a word as the offset of a bit, of which #n is the n-th field of a width
// (getBitOffsetFromArgument in bitops.c).
func (c *call) bitOffset(word string, width int) (int64, *Reply) {
	word, nth := cutNth(word, width)
	n, ok := parseInt(word)
	if nth {
		n *= int64(width) // it may wrap around, as Redis's does
	}
	if !ok || n < 0 || n>>3 >= min(store.MaxStringLen, c.s.srv.MaxBulk()) {
		return 0, &errBitOffset
	}
	return n, nil
}

func cutNth(word string, width int) (string, bool) {
	if width == 0 {
		return word, false
	}
	return strings.CutPrefix(word, "#")
}

func runGetBit(c *call) Reply {
	offset, bad := c.bitOffset(c.args[2], 0)
	if bad != nil {
		return *bad
	}
	return yesOr(c.db.Bitmap(c.args[1]).GetBit(offset))
}

func runSetBit(c *call) Reply {
	offset, bad := c.bitOffset(c.args[2], 0)
	if bad != nil {
		return *bad
	}
	bit, ok := parseInt(c.args[3])
	if !ok || bit&^1 != 0 {
		return failed("ERR bit is not an integer or out of range")
	}
	return yesOr(c.db.Bitmap(c.args[1]).SetBit(offset, bit == 1))
}

// inBits reads the word at i as the unit of a range of bits.
func (c *call) inBits(i int) (bits bool, bad *Reply) {
	switch {
	case c.is(i, "bit"):
		return true, nil
	case c.is(i, "byte"):
		return false, nil
	}
	return false, &errSyntax
}

func runBitCount(c *call) Reply {
	key := c.args[1]
	if len(c.args) == 2 {
		return intOr(c.db.Bitmap(key).Count())
	}
	within, nothing, bad := c.countRange()
	switch zero := integer(0); {
	case bad != nil: // Redis looks at the key first
		return c.afterKey(key, store.KindString, zero, bad)
	case nothing:
		return c.afterKey(key, store.KindString, zero, &zero)
	}
	return intOr(c.db.Bitmap(key).Count(within))
}

// countRange reads the range of BITCOUNT, and reports one that has nothing in it, after
// which Redis does not look at the unit.
func (c *call) countRange() (within store.BitRange, nothing bool, bad *Reply) {
	if len(c.args) > 5 {
		return within, false, &errSyntax
	}
	start, bad := c.int(2)
	if bad != nil {
		return within, false, bad
	}
	if len(c.args) == 3 { // as in Valkey 8
		return store.FromByte(start), false, nil
	}
	end, bad := c.int(3)
	switch {
	case bad != nil:
		return within, false, bad
	case start < 0 && end < 0 && start > end:
		return within, true, nil
	}
	bits := false
	if len(c.args) == 5 {
		bits, bad = c.inBits(4)
	}
	if bits {
		return store.ByBit(start, end), false, bad
	}
	return store.ByByte(start, end), false, bad
}

func runBitPos(c *call) Reply {
	bit, bad := c.int(2)
	switch {
	case bad != nil:
		return *bad
	case bit != 0 && bit != 1:
		return failed("ERR The bit argument must be 1 or 0.")
	}
	within, bad := c.posRange()
	if bad != nil { // Redis looks at the key first
		return c.afterKey(c.args[1], store.KindString, integer(-bit), bad)
	}
	at, err := c.db.Bitmap(c.args[1]).Pos(bit == 1, within...)
	if err == store.ErrNotFound {
		at, err = -1, nil
	}
	return intOr(at, err)
}

// posRange reads the range of BITPOS: of it the unit comes before the end.
func (c *call) posRange() (within []store.BitRange, bad *Reply) {
	n := len(c.args)
	if n == 3 {
		return nil, nil
	}
	if n > 6 {
		return nil, &errSyntax
	}
	start, bad := c.int(3)
	if bad != nil {
		return nil, bad
	}
	if n == 4 {
		return []store.BitRange{store.FromByte(start)}, nil
	}
	bits := false
	if n == 6 {
		if bits, bad = c.inBits(5); bad != nil {
			return nil, bad
		}
	}
	end, bad := c.int(4)
	if bits {
		return []store.BitRange{store.ByBit(start, end)}, bad
	}
	return []store.BitRange{store.ByByte(start, end)}, bad
}

// bitOps are the operations of BITOP, and how many bitmaps they are of at least.
var bitOps = map[string]struct {
	op    store.BitOp
	least int
}{
	"and": {store.BitAnd, 1}, "or": {store.BitOr, 1}, "xor": {store.BitXor, 1}, "not": {store.BitNot, 1},
	"diff": {store.BitDiff, 2}, "diff1": {store.BitDiff1, 2}, "andor": {store.BitAndOr, 2}, "one": {store.BitOne, 1},
}

func runBitOp(c *call) Reply {
	name := lower(cString(c.args[1]))
	op, ok := bitOps[name]
	keys := c.rest(3)
	switch {
	case !ok:
		return errSyntax
	case op.op == store.BitNot && len(keys) != 1:
		return failed("ERR BITOP NOT must be called with a single source key.")
	case len(keys) < op.least:
		return failedf("ERR BITOP %s must be called with at least two source keys.", upper(name))
	}
	return countOr(c.db.Bitmap(c.args[2]).Op(op.op, keys...))
}
