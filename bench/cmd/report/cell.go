package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/workload"
)

// cellEnv makes the command measure one peer, and print the samples.
const cellEnv = "ALCOVE_BENCH_CELL"

// cell is one peer's turn at one group.
type cell struct {
	Group    string
	Peer     string
	Settings workload.Settings
}

// runCell is what the process of a cell does. A panic ends it. Only the samples go to
// standard output, whatever a peer has to say.
func runCell(text string) {
	out := os.Stdout
	os.Stdout = os.Stderr
	var c cell
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		panic(err)
	}
	groupNamed(c.Group).Run(peer.Named(c.Peer), c.Settings, out)
}

// run measures the cell in a process of its own and returns the samples, also those
// before a failure.
func (c cell) run(ctx context.Context, timeout time.Duration) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(limited, self)
	cmd.Env = append(os.Environ(), cellEnv+"="+string(text))
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	// Only whole lines count: a process that was killed may have left half a one.
	samples := stdout.Bytes()[:bytes.LastIndexByte(stdout.Bytes(), '\n')+1]
	switch {
	case ctx.Err() != nil:
		return samples, ctx.Err()
	case limited.Err() != nil:
		return samples, fmt.Errorf("gave up after %v", timeout)
	case err != nil:
		return samples, reason(err, stderr.String())
	case len(samples) == 0:
		return nil, errors.New("it ended without a figure")
	}
	return samples, nil
}

// reason says in one short line why a process failed: with its panic, if that is known.
func reason(err error, stderr string) error {
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "panic: "); ok {
			return fmt.Errorf("%s", shorten(text))
		}
		if strings.HasPrefix(line, "fatal error: ") {
			return fmt.Errorf("%s", shorten(line))
		}
	}
	if err.Error() == "signal: killed" {
		return fmt.Errorf("killed, perhaps for want of memory")
	}
	return err
}

func shorten(s string) string {
	s = strings.TrimSuffix(s, " [recovered, repanicked]")
	if r := []rune(s); len(r) > 150 {
		return string(r[:150]) + "…"
	}
	return s
}
