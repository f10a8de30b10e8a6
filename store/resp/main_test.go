package resp

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain wants no goroutine of the library to be left.
func TestMain(m *testing.M) {
	code := m.Run()
	for range 1000 {
		if code != 0 || goroutines() <= 1 {
			os.Exit(code)
		}
		time.Sleep(10 * time.Millisecond) // for those that are just ending
	}
	fmt.Fprintf(os.Stderr, "goroutines are left:\n%s\n", stacks())
	os.Exit(1)
}

// stacks are those of all goroutines.
func stacks() string {
	buf := make([]byte, 4<<20)
	return string(buf[:runtime.Stack(buf, true)])
}

// goroutines counts those that are in this module.
func goroutines() (n int) {
	for stack := range strings.SplitSeq(stacks(), "\n\n") {
		if strings.Contains(stack, "github.com/alcovedb/alcove") {
			n++
		}
	}
	return n
}
