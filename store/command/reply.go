package command

import "github.com/alcovedb/alcove/store/internal/words"

// Kind is the type of a reply.
type Kind uint8

// The types of replies. Those that RESP2 does not have go there as what is said of them.
const (
	None      Kind = iota // nothing is sent
	Simple                // +OK
	Error                 // -ERR ...: Str is the whole line, with its code
	Integer               // Int
	Bulk                  // Str
	Null                  // RESP2: $-1, RESP3: _
	NullArray             // RESP2: *-1, RESP3: _
	Array                 // Elems
	Map                   // Elems: key, value, key, value ...; RESP2: an array of these
	Set                   // Elems; RESP2: an array
	Double                // Float, or Str where it is not written with %.17g; RESP2: a bulk string
	Bool                  // Int != 0; RESP2: an integer
	BigNumber             // Str; RESP2: a bulk string
	Verbatim              // Str, of the format txt; RESP2: a bulk string
	Push                  // Elems; RESP2: an array
	Several               // Elems, one after the other: SUBSCRIBE of several channels is one element of EXEC's
)

// Reply is what a command answers.
type Reply struct {
	Kind  Kind
	Proto uint8 // the version of the protocol it is written in, if that is not the client's
	Int   int64
	Float float64
	Str   string
	Elems []Reply
}

// RESP2 returns the reply as a client of RESP2 gets it, with the types of RESP3 turned into those
// that stand for them there.
func (r Reply) RESP2() Reply {
	switch r.Kind {
	case Map, Set, Push:
		r.Kind = Array
	case Double:
		if r.Str == "" {
			r.Str = doubleText(r.Float)
		}
		return bulk(r.Str)
	case Bool:
		return integer(r.Int)
	case BigNumber, Verbatim:
		return bulk(r.Str)
	}
	for i := range r.Elems {
		if e := &r.Elems[i]; len(e.Elems) > 0 || e.Kind >= Map {
			elems := make([]Reply, len(r.Elems)) // others may have the reply, too
			for i := range elems {
				elems[i] = r.Elems[i].RESP2()
			}
			r.Elems = elems
			break
		}
	}
	return r
}

// doubleText is a number as Redis writes it.
func doubleText(f float64) string { return string(words.AppendDouble(nil, f)) }
