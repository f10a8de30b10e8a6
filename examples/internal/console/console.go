// Package console is what the examples share of talking to somebody at a terminal.
package console

import (
	"fmt"
	"io"
	"os"
	"time"
)

// IsTerminal says whether f is a terminal, as far as the standard library can tell.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Progress returns where to print progress to: f if it is a terminal, else nowhere, so that
// it gets into no file and no pipe.
func Progress(f *os.File) io.Writer {
	if IsTerminal(f) {
		return f
	}
	return io.Discard
}

// Count returns a number of things, such as "1 file" and "2 files".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprint(n, " ", thing, "s")
}

// Report prints a line to w, over and over in the same place, until done is closed.
func Report(w io.Writer, done <-chan struct{}, line func() string) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		fmt.Fprint(w, "\r", line())
		select {
		case <-tick.C:
		case <-done:
			fmt.Fprint(w, "\r", line(), "\n")
			return
		}
	}
}
