package command_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/alcovedb/alcove/store"
	"github.com/alcovedb/alcove/store/command"
)

// unlock is a script that a program sends: it frees a lock for its owner alone.
const unlock = `if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) else return 0 end`

// goScripts is a script engine without an interpreter: it has each script again, in Go.
type goScripts map[string]goScript

func (goScripts) Name() string { return "LUA" }

func (g goScripts) Compile(src string) (command.Script, error) {
	if f, ok := g[src]; ok {
		return f, nil
	}
	return nil, errors.New("there is no Go for this script")
}

func (goScripts) Load(context.Context, string, func(command.Function) error) error {
	return errors.New("there are no libraries")
}

// goScript is one of its scripts.
type goScript func(c *command.ScriptCall) command.Reply

func (f goScript) Run(c *command.ScriptCall) command.Reply { return f(c) }

// EVAL and EVALSHA work with a script engine. For the few scripts of one program, a Go function
// for each is enough.
func ExampleWithScriptEngine() {
	engine := goScripts{unlock: func(c *command.ScriptCall) command.Reply {
		if c.Call([]string{"GET", c.Keys[0]}).Str == c.Args[0] {
			return c.Call([]string{"DEL", c.Keys[0]})
		}
		return command.Reply{Kind: command.Integer}
	}}
	s := store.New()
	defer s.Close()
	srv := command.NewServer(s, command.WithScriptEngine(engine))
	defer srv.Close()
	session := srv.NewSession(nil)
	defer session.Close()

	_ = s.String("lock").Set("mine")
	for _, owner := range []string{"yours", "mine"} {
		r := session.Do(context.Background(), []string{"EVAL", unlock, "1", "lock", owner})
		fmt.Println(owner, r.Int)
	}
	n, _ := s.Exists("lock")
	fmt.Println(n, "locks")
	// Output:
	// yours 0
	// mine 1
	// 0 locks
}
