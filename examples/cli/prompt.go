package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
	"github.com/alcovedb/alcove/store/resp"
)

// prompt reads lines, runs them and prints what comes back.
type prompt struct {
	session  *command.Session
	docs     store.DB // where HELP asks
	typed    bool     // how replies are printed
	terminal bool     // whether there is somebody to prompt

	db      int // what the prompt shows: the session does not tell
	before  int // the database in which the transaction began
	tx      bool
	history []string

	lock sync.Mutex // guards what follows: messages come when they come
	out  io.Writer
	err  error // the first one of out
}

// errQuit ends the loop.
var errQuit = errors.New("quit")

// slow is the time from which the user is told how long a command took, as redis-cli does.
const slow = 500 * time.Millisecond

func (p *prompt) loop(ctx context.Context, in *bufio.Reader) error {
	for {
		if p.terminal {
			p.print(p.text())
		}
		line, err := in.ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			if err := p.line(ctx, line); err == errQuit {
				return p.failed()
			}
		}
		switch {
		case err == io.EOF:
			if p.terminal {
				p.print("\n")
			}
			return p.failed()
		case err != nil:
			return err
		}
		if err := p.failed(); err != nil {
			return err
		}
	}
}

// text is what stands before a line.
func (p *prompt) text() string {
	text := "alcove"
	if p.db != 0 {
		text += "[" + strconv.Itoa(p.db) + "]"
	}
	if p.tx {
		text += "(TX)"
	}
	return text + "> "
}

// line does what a line says.
func (p *prompt) line(ctx context.Context, line string) error {
	if strings.HasPrefix(line, "!") {
		again, ok := p.recall(line[1:])
		if !ok {
			p.print("There is no such line.\n")
			return nil
		}
		line = again
		p.print(line + "\n")
	}
	args, err := resp.SplitArgs(line)
	switch {
	case err != nil:
		p.print("Invalid argument(s)\n")
		return nil
	case len(args) == 0:
		return nil
	}
	p.history = append(p.history, line)
	switch word := strings.ToLower(args[0]); {
	case word == "quit" || word == "exit":
		return errQuit
	case word == "clear" && len(args) == 1:
		p.print("\x1b[H\x1b[2J")
	case word == "history" && len(args) == 1:
		for i, line := range p.history {
			p.print(fmt.Sprintf("%5d  %s\n", i+1, line))
		}
	case word == "help" || word == "?":
		p.print(p.help(ctx, args[1:]))
	default:
		p.repeat(ctx, args)
	}
	return nil
}

// recall returns a line of the history: the last one for "!", else that of a number.
func (p *prompt) recall(which string) (string, bool) {
	n, err := strconv.Atoi(strings.TrimSpace(which))
	if strings.TrimSpace(which) == "!" {
		n, err = len(p.history), nil
	}
	if err != nil || n < 1 || n > len(p.history) {
		return "", false
	}
	return p.history[n-1], true
}

// repeat runs a command as often as a number before it says.
func (p *prompt) repeat(ctx context.Context, args []string) {
	times, err := strconv.Atoi(args[0])
	switch {
	case err != nil || len(args) == 1:
		times = 1
	case times < 1:
		p.print("Invalid redis-cli repeat command option value.\n")
		return
	default:
		args = args[1:]
	}
	for ; times > 0 && p.failed() == nil; times-- {
		p.do(ctx, args)
	}
}

// do runs a command and prints its reply.
func (p *prompt) do(ctx context.Context, args []string) {
	began := time.Now()
	r := p.session.Do(ctx, args)
	took := time.Since(began)
	p.note(args, r)
	if r.Kind == command.None { // the replies have come to push
		return
	}
	switch r = asSent(r, p.session.Protocol()); {
	case isText(args):
		p.print(raw(r))
	case p.typed:
		p.print(typed(r, ""))
	default:
		p.print(raw(r) + "\n")
	}
	if took >= slow && p.typed {
		p.print(fmt.Sprintf("(%.2fs)\n", took.Seconds()))
	}
}

// note follows the state of the session, which the prompt shows.
func (p *prompt) note(args []string, r command.Reply) {
	failed := r.Kind == command.Error
	switch word := strings.ToLower(args[0]); {
	case word == "select" && len(args) == 2 && !failed:
		p.db, _ = strconv.Atoi(args[1])
	case word == "multi" && !failed:
		p.tx, p.before = true, p.db
	case word == "exec" && p.tx:
		p.tx = false
		if failed || r.Kind == command.NullArray || r.Kind == command.Null {
			p.db = p.before
		}
	case word == "discard" && !failed:
		p.tx, p.db = false, p.before
	case word == "reset" && !failed:
		p.tx, p.db = false, 0
	}
}

// push prints what comes out of turn, such as a message of a channel.
func (p *prompt) push(r command.Reply) {
	r = asSent(r, 3)
	switch {
	case !p.typed:
		p.print(raw(r) + "\n")
	case len(r.Elems) == 2 && r.Elems[0].Str == "invalidate":
		p.print(invalidation(r.Elems[1]))
	default:
		p.print(typed(r, ""))
	}
}

// print writes text, unless that has failed before.
func (p *prompt) print(text string) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.err == nil {
		_, p.err = io.WriteString(p.out, text)
	}
}

func (p *prompt) failed() error {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.err
}
