package redistest

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/store"
)

const (
	fewLines  = 8   // more than that are never on one line
	lineWidth = 100 // nor is more than that
	mostLines = 100 // of a key in a dump
	mostBytes = 400 // of a line
	mostKeys  = 50  // in a failure, of each database
)

// Dump returns what all databases hold, for people to read: a line a key, in the order of the
// keys, with its type, its content and its time to live, or some lines where there is much. It is
// the same for the same content; large values are shown in part.
func (r *Redis) Dump() string {
	sn := r.store.Snapshot()
	defer sn.Close()
	return dump(sn, math.MaxInt)
}

// String is Dump.
func (r *Redis) String() string { return r.Dump() }

// dump shows at most so many keys of each database.
func dump(sn *store.Snapshot, most int) string {
	var b strings.Builder
	for n := range store.Databases {
		keys, err := sn.DB(n).Keys("*")
		if err != nil {
			return "(closed)\n"
		}
		if n > 0 && len(keys) > 0 {
			fmt.Fprintf(&b, "database %d:\n", n)
		}
		slices.Sort(keys)
		for i, key := range keys {
			if i == most {
				fmt.Fprintf(&b, "... and %d more keys\n", len(keys)-i)
				break
			}
			if c, err := contentIn(sn.DB(n), key); err == nil {
				b.WriteString(show(key, c, 0))
			}
		}
	}
	if b.Len() == 0 {
		return "(nothing)\n"
	}
	return b.String()
}

// show is a key with its content, of which lines at the beginning may be skipped.
func show(key string, c content, skip int) string {
	head := quoteKey(key) + " " + c.kind
	if c.ttl != store.NoTTL {
		head += fmt.Sprintf(" (ttl %v)", c.ttl)
	}
	lines := make([]string, 0, min(len(c.lines)-skip, mostLines)+2)
	if skip > 0 {
		lines = append(lines, fmt.Sprintf("... %d more before", skip))
	}
	for i, line := range c.lines[skip:] {
		if i == mostLines {
			lines = append(lines, fmt.Sprintf("... %d more", len(c.lines)-skip-i))
			break
		}
		lines = append(lines, cut(line))
	}
	one := head + " " + strings.Join(lines, ", ")
	if c.kind == "stream" && len(lines) > 1 || len(lines) > fewLines || len(lines) > 1 && len(one) > lineWidth {
		return head + "\n    " + strings.Join(lines, "\n    ") + "\n"
	}
	return strings.TrimSuffix(one, " ") + "\n"
}

// cut is a line that is not too long to be read.
func cut(line string) string {
	if len(line) <= mostBytes {
		return line
	}
	return fmt.Sprintf("%s... (%d bytes)", strings.ToValidUTF8(line[:mostBytes], ""), len(line))
}

// quoteKey is a key as it is, or quoted if it would not look like one word.
func quoteKey(key string) string {
	if q := strconv.Quote(key); key == "" || q != `"`+key+`"` || strings.Contains(key, " ") {
		return q
	}
	return key
}
