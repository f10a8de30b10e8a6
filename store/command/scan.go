package command

import (
	"errors"
	"slices"

	"github.com/alcovedb/alcove/store"
)

func runScan(c *call) Reply {
	cursor, bad := c.cursor(1)
	if bad != nil {
		return *bad
	}
	o, none, bad := c.scanOptions()
	if bad != nil {
		return *bad
	}
	keys, next, err := c.db.Scan(cursor, o)
	switch {
	case errors.Is(err, store.ErrInvalidCursor): // Redis takes any, and ends somewhere
		keys, next = nil, 0
	case err != nil:
		return failure(err)
	}
	if none != nil {
		keys = slices.DeleteFunc(keys, none)
	}
	return scanned(next, texts(keys))
}

// scanKinds are the kinds by their names.
var scanKinds = map[string]store.Kind{}

func init() {
	for k := store.KindString; k <= store.KindStream; k++ {
		scanKinds[k.String()] = k
	}
}

// scanOptions reads those of SCAN. What they can't say in package store is in none, which
// tells the keys that are not meant.
func (c *call) scanOptions() (o store.ScanOptions, none func(key string) bool, bad *Reply) {
	emptyOnly, noKind := false, false
	for i := 2; i < len(c.args); i += 2 {
		more := i+1 < len(c.args)
		switch {
		case more && c.is(i, "count"):
			n, bad := c.int(i + 1)
			switch {
			case bad != nil:
				return o, nil, bad
			case n < 1:
				return o, nil, &errSyntax
			}
			o.Count = clamp(n)
		case more && c.is(i, "match"):
			o.Match = c.args[i+1]
			emptyOnly = o.Match == ""
		case more && c.is(i, "type"):
			kind, known := scanKinds[lower(cString(c.args[i+1]))]
			o.Type, noKind = kind, !known
		default:
			return o, nil, &errSyntax
		}
	}
	switch {
	case noKind:
		return o, func(string) bool { return true }, nil
	case emptyOnly:
		return o, func(key string) bool { return key != "" }, nil
	}
	return o, nil, nil
}
