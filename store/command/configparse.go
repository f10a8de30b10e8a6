package command

import (
	"slices"
	"strconv"
	"strings"

	"github.com/alcovedb/alcove/store"
)

// What CONFIG SET makes of the text of a value.

// parse returns a value as CONFIG GET shows it, or what is wrong with it.
func (p *configParam) parse(text, old string) (value, why string) {
	switch p.kind {
	case configBool:
		if value = lower(text); value != "yes" && value != "no" {
			return "", "argument must be 'yes' or 'no'"
		}
	case configEnum:
		words := strings.Fields(p.words)
		list := strings.Fields(lower(text))
		many := strings.HasPrefix(p.name, "shutdown-on-")
		if len(list) == 0 || len(list) > 1 && !many || slices.ContainsFunc(list, func(w string) bool { return !slices.Contains(words, w) }) {
			return "", "argument(s) must be one of the following: " + strings.Join(words, ", ")
		}
		value = strings.Join(list, " ")
	case configInt:
		n, ok := parseInt(text)
		switch {
		case !ok:
			return "", "argument couldn't be parsed into an integer"
		case n < p.least || n > p.most:
			return "", "argument must be between " + itoa(p.least) + " and " + itoa(p.most) + " inclusive"
		case p.name == "hz":
			n = max(1, min(n, 500))
		}
		value = itoa(n)
	case configMemory:
		return p.parseMemory(text)
	case configSpecial:
		return p.parseSpecial(text, old)
	default:
		value = text
	}
	return value, ""
}

// memory reads a size with a unit (memtoull in util.c). One that is too large is the largest, as
// of C's strtoull, and times its unit it may wrap around.
func memory(text string) (n uint64, ok bool) {
	digits := strings.TrimRight(text, "bBkKmMgG")
	unit, ok := map[string]uint64{
		"": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000 * 1000, "mb": 1 << 20, "g": 1000 * 1000 * 1000, "gb": 1 << 30,
	}[lower(text[len(digits):])]
	if !ok || len(digits) > 127 || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, _ = strconv.ParseUint(digits, 10, 64) // 0 without digits
	return n * unit, true
}

// parseMemory reads a size, or a percentage, which Redis keeps as a negative number
// (numericParseString and numericBoundaryCheck in config.c).
func (p *configParam) parseMemory(text string) (value, why string) {
	percents := p.least < 0
	size, ok := memory(text)
	n := int64(size)
	if percent, found := strings.CutSuffix(text, "%"); !ok && found && percents {
		n, ok = parseInt(percent)
		ok = ok && n >= 0
		n = -n
	}
	switch {
	case !ok && percents:
		return "", "argument must be a memory or percent value"
	case !ok:
		return "", "argument must be a memory value"
	case p.most == 0: // there is no limit
	case percents && n < p.least:
		return "", "percentage argument must be less or equal to " + itoa(-p.least)
	case percents && n < 0:
		return itoa(-n) + "%", ""
	case n < p.least || n > p.most:
		return "", "argument must be between " + itoa(p.least) + " and " + itoa(p.most) + " inclusive"
	case p.name == "repl-backlog-size":
		size = max(size, 16<<10) // CONFIG_REPL_BACKLOG_MIN_SIZE
	}
	return strconv.FormatUint(size, 10), ""
}

// hostname says what is wrong with a name of a host (isValidAnnouncedHostname in config.c).
func hostname(text string) (why string) {
	switch {
	case len(text) >= 256:
		return "Hostnames must be less than 256 characters"
	case strings.Trim(lower(text), "abcdefghijklmnopqrstuvwxyz0123456789-.") != "":
		return "Hostnames may only contain alphanumeric characters, hyphens or dots"
	}
	return ""
}

// titleVariables are those of proc-title-template, with whether they are never empty.
var titleVariables = map[string]bool{
	"title": false, "listen-addr": true, "server-mode": false, "port": true, "tls-port": true, "unixsocket": false, "config-file": true,
}

// isTitle says whether a text is a template of a title that is not empty (validateProcTitleTemplate
// in server.c, sdstemplate in sds.c).
func isTitle(text string) bool {
	filled := false
	for text != "" {
		literal, rest, found := strings.Cut(text, "{")
		filled = filled || strings.Trim(literal, " ") != ""
		switch {
		case !found:
			return filled
		case strings.HasPrefix(rest, "{"):
			filled, text = true, rest[1:]
			continue
		}
		name, rest, found := strings.Cut(rest, "}")
		never, known := titleVariables[name]
		if !found || !known {
			return false
		}
		filled, text = filled || never, rest
	}
	return filled
}

func (p *configParam) parseSpecial(text, old string) (value, why string) {
	words := strings.Fields(text)
	switch p.name {
	case "cluster-announce-hostname":
		return cString(text), hostname(cString(text))
	case "proc-title-template":
		if !isTitle(text) {
			return "", "template format is invalid or contains unknown variables"
		}
		return text, ""
	case "notify-keyspace-events":
		events, err := store.ParseNotify(text)
		if err != nil {
			return "", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."
		}
		return notifyFlags(events), ""
	case "save":
		for _, word := range words {
			if n, ok := parseInt(word); !ok || n < 0 {
				return "", "Invalid save parameters"
			}
		}
		if len(words)%2 != 0 {
			return "", "Invalid save parameters"
		}
	case "oom-score-adj-values":
		if len(words) != 3 {
			return "", "wrong number of arguments"
		}
		for _, word := range words {
			if n, ok := parseInt(word); !ok || n < -2000 || n > 2000 {
				return "", "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
			}
		}
	case "latency-tracking-info-percentiles":
		for _, word := range words {
			f, ok := parseFloat(word)
			switch {
			case !ok:
				return "", "Invalid latency-tracking-info-percentiles parameters"
			case f < 0 || f > 100:
				return "", "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
			}
		}
	case "client-output-buffer-limit":
		return outputLimits(words, old)
	}
	return strings.Join(words, " "), ""
}

// outputLimits changes some of the limits of the three classes of clients.
func outputLimits(words []string, old string) (value, why string) {
	limits := strings.Fields(old)
	if len(words)%4 != 0 {
		return "", "Wrong number of arguments in buffer limit configuration."
	}
	for w := range slices.Chunk(words, 4) {
		class := lower(w[0])
		if class == "replica" {
			class = "slave"
		}
		i := slices.Index(limits, class)
		if i < 0 {
			return "", "Invalid client class specified in buffer limit configuration."
		}
		hard, ok1 := memory(w[1])
		soft, ok2 := memory(w[2])
		secs, ok3 := parseInt(w[3])
		if !ok1 || !ok2 || !ok3 || secs < 0 {
			return "", "Error in hard, soft or soft_seconds setting in buffer limit configuration."
		}
		limits[i+1], limits[i+2], limits[i+3] = strconv.FormatUint(hard, 10), strconv.FormatUint(soft, 10), itoa(secs)
	}
	return strings.Join(limits, " "), ""
}

// notifyFlags returns events in the order in which Redis shows them (keyspaceEventsFlagsToString
// in notify.c), and those that it does not have at the end.
func notifyFlags(n store.Notify) (flags string) {
	text := n.String()
	order := "g$lshzxetdnKEmSTIVoc"
	if strings.Contains(text, "A") {
		flags, order = "A", "KEmSTIVoc"
	}
	for _, f := range order {
		if strings.ContainsRune(text, f) {
			flags += string(f)
		}
	}
	return flags
}
