package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/alcovedb/alcove/bench/peer"
	"github.com/alcovedb/alcove/bench/redisserver"
	"github.com/alcovedb/alcove/bench/workload"
)

// header is what a file of samples says of the run.
type header struct {
	Group    string
	Command  string
	Date     string
	Commit   string `json:",omitempty"`
	CPU      string
	CPUs     int
	Memory   uint64
	OS, Arch string
	Go       string
	Redis    string            `json:",omitempty"`
	Versions map[string]string // of the peers
	Settings workload.Settings
	Rounds   int
	Short    bool              `json:",omitempty"`
	Absent   string            `json:",omitempty"` // why there is no Redis
	Notes    []string          `json:",omitempty"`
	Failed   map[string]string `json:",omitempty"`
}

// describe returns what all groups of a run have in common. What can't be learned stays
// empty.
func describe(o options, server *redisserver.Server) header {
	h := header{
		Command: o.command, Date: time.Now().Format(time.DateOnly), Short: o.short,
		CPU: "unknown processor", CPUs: runtime.NumCPU(),
		OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version(), Versions: map[string]string{},
	}
	if info, err := cpu.Info(); err == nil && len(info) > 0 && info[0].ModelName != "" {
		h.CPU = info[0].ModelName
	}
	if m, err := mem.VirtualMemory(); err == nil {
		h.Memory = m.Total
	}
	if out, err := exec.Command("git", "describe", "--always", "--dirty").Output(); err == nil {
		h.Commit = strings.TrimSpace(string(out))
	}
	if server != nil {
		h.Redis = server.Version()
	}
	build, _ := debug.ReadBuildInfo()
	for _, p := range peer.All() {
		for _, m := range build.Deps {
			if p.Module == m.Path {
				h.Versions[p.Name] = m.Version
			}
		}
	}
	return h
}

// text returns the header as benchmark configuration: what benchstat knows, and all of it.
func (h header) text() []byte {
	all, err := json.Marshal(h)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return fmt.Appendf(nil, "goos: %s\ngoarch: %s\npkg: github.com/alcovedb/alcove/bench\ncpu: %s\n%s: %s\n\n",
		h.OS, h.Arch, h.CPU, headerKey, all)
}

const headerKey = "run"

// availableMemory returns how many bytes a program can still take, 0 if that is unknown.
func availableMemory() uint64 {
	m, err := mem.VirtualMemory()
	if err != nil {
		return 0
	}
	available := m.Available
	// A container's limit is below that of its machine.
	limit, err1 := readNumber("/sys/fs/cgroup/memory.max")
	used, err2 := readNumber("/sys/fs/cgroup/memory.current")
	if err1 == nil && err2 == nil && limit > used {
		available = min(available, limit-used)
	}
	return available
}

func readNumber(file string) (uint64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}
