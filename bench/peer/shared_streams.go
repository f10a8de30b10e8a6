package peer

import (
	"fmt"
	"strconv"
)

// reading returns the fields of an entry of a stream.
func reading(sensor, temp string) []string { return []string{"sensor", sensor, "temp", temp} }

// idText returns the ID of an entry, "" for the next one.
func idText(ms int) string {
	if ms == 0 {
		return ""
	}
	return strconv.Itoa(ms) + "-0"
}

// one panics if an answer is not 1.
func one(n int) {
	if n != 1 {
		panic(fmt.Errorf("bench: %d instead of 1", n))
	}
}
