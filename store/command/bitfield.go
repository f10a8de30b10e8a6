package command

import (
	"github.com/alcovedb/alcove/store"
)

var (
	errBitOffset = failed("ERR bit offset is not an integer or out of range")
	errFieldType = failed("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
)

func runBitField(c *call) Reply {
	ops, _, bad := c.fieldOps()
	if bad != nil {
		return *bad
	}
	results, err := c.db.Bitmap(c.args[1]).Field(ops...)
	if err != nil {
		return failure(err)
	}
	r := array()
	for _, result := range results {
		if result.Failed {
			r.Elems = append(r.Elems, null)
		} else {
			r.Elems = append(r.Elems, integer(result.Value))
		}
	}
	return r
}

func runBitFieldRO(c *call) Reply {
	ops, fields, bad := c.fieldOps()
	switch {
	case bad != nil:
		return *bad
	case len(fields) < len(ops):
		return failed("ERR BITFIELD_RO only supports the GET subcommand")
	}
	values, err := c.db.Bitmap(c.args[1]).FieldRO(fields...)
	if err != nil {
		return failure(err)
	}
	r := array()
	for _, value := range values {
		r.Elems = append(r.Elems, integer(value))
	}
	return r
}

// overflows are the words of OVERFLOW.
var overflows = map[string]store.Overflow{
	"wrap": store.OverflowWrap, "sat": store.OverflowSat, "fail": store.OverflowFail,
}

// fieldOps reads the operations of BITFIELD, and the fields of those that only read.
func (c *call) fieldOps() (ops []store.FieldOp, fields []store.BitField, bad *Reply) {
	overflow := store.OverflowWrap
	for i := 2; i < len(c.args); i++ {
		left := len(c.args) - i - 1
		reads := c.is(i, "get") && left >= 2
		switch {
		case reads, (c.is(i, "set") || c.is(i, "incrby")) && left >= 3:
		case c.is(i, "overflow") && left >= 1:
			how, ok := overflows[lower(cString(c.args[i+1]))]
			if !ok {
				r := failed("ERR Invalid OVERFLOW type specified")
				return nil, nil, &r
			}
			overflow = how
			i++
			continue
		default:
			return nil, nil, &errSyntax
		}
		field, bad := c.bitField(c.args[i+1], c.args[i+2])
		if bad != nil {
			return nil, nil, bad
		}
		if reads {
			ops, fields = append(ops, field.Get()), append(fields, field)
			i += 2
			continue
		}
		n, bad := c.int(i + 3)
		if bad != nil {
			return nil, nil, bad
		}
		op := field.IncrBy(n)
		if c.is(i, "set") {
			op = field.Set(n)
		}
		ops = append(ops, op.Overflow(overflow))
		i += 3
	}
	return ops, fields, nil
}

// bitField reads two words as the type and the place of a field.
func (c *call) bitField(typ, offset string) (f store.BitField, bad *Reply) {
	if typ == "" || typ[0] != 'i' && typ[0] != 'u' {
		return f, &errFieldType
	}
	width, ok := parseInt(typ[1:])
	if !ok || width < 1 || width > 64 || width == 64 && typ[0] == 'u' {
		return f, &errFieldType
	}
	at, bad := c.bitOffset(offset, int(width))
	if bad != nil {
		return f, bad
	}
	if typ[0] == 'i' {
		return store.Signed(int(width)).At(at), nil
	}
	return store.Unsigned(int(width)).At(at), nil
}
