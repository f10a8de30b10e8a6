package store

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain ends the redis-server that the tests may have started and wants no
// goroutine of the library to be left.
func TestMain(m *testing.M) {
	code := m.Run()
	killRedis()
	if left := leftGoroutines(); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines are left:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leftGoroutines returns the stacks, but for that of the caller, that are in this
// module. It waits a little for those that are just ending.
func leftGoroutines() (left string) {
	for range 100 {
		buf := make([]byte, 1<<20)
		stacks := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		left = ""
		for _, stack := range stacks[1:] {
			if strings.Contains(stack, "github.com/alcovedb/alcove") {
				left += stack + "\n\n"
			}
		}
		if left == "" {
			return ""
		}
		time.Sleep(10 * time.Millisecond)
	}
	return left
}
