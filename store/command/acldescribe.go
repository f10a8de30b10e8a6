package command

import (
	"math"
	"slices"
	"strings"
)

func (r *rules) flags() (list []string) {
	if list = []string{"off"}; r.on {
		list[0] = "on"
	}
	if r.noPass {
		list = append(list, "nopass")
	}
	if r.sanitize != "" {
		list = append(list, r.sanitize)
	}
	return list
}

// describe returns the rules as words that make them.
func (r *rules) describe() string {
	words := r.flags()
	for _, hash := range r.passwords {
		words = append(words, "#"+hash)
	}
	for i, s := range r.selectors {
		text := s.describe()
		if i > 0 {
			text = "(" + text + ")"
		}
		words = append(words, text)
	}
	return strings.Join(words, " ")
}

func (s *selector) describe() string {
	var words []string
	if text := s.keyRules(); text != "" {
		words = append(words, text)
	}
	if !s.allChannels {
		words = append(words, "resetchannels")
	}
	if text := s.channelRules(); text != "" {
		words = append(words, text)
	}
	return strings.Join(append(words, s.commandRules()), " ")
}

func (s *selector) keyRules() string {
	if s.allKeys {
		return "~*"
	}
	words := make([]string, len(s.keys))
	for i, k := range s.keys {
		switch {
		case k.read && k.write:
			words[i] = "~" + k.pattern
		case k.read:
			words[i] = "%R~" + k.pattern
		default:
			words[i] = "%W~" + k.pattern
		}
	}
	return strings.Join(words, " ")
}

func (s *selector) channelRules() string {
	if s.allChannels {
		return "&*"
	}
	words := make([]string, len(s.channels))
	for i, pattern := range s.channels {
		words[i] = "&" + pattern
	}
	return strings.Join(words, " ")
}

// commandRules returns rules that allow the commands of the selector and no others: from all or
// none on, the categories that come nearest, and then what is still different, as
// ACLDescribeSelectorCommandRules in acl.c.
func (s *selector) commandRules() string {
	words, sign, fake := []string{"-@all"}, "+", &selector{}
	if s.future {
		words, sign = []string{"+@all"}, "-"
		_ = fake.set("+@all")
	}
	left := &selector{commands: slices.Clone(s.commands)}
	applied := map[string]bool{}
	for {
		name := left.nearest(applied, sign == "+")
		if name == "" {
			break
		}
		_ = fake.setCategory(name, sign == "+")
		_ = left.setCategory(name, sign != "+")
		words = append(words, sign+"@"+name)
		applied[name] = true
	}
	for cmd := range everyCommand() {
		has := s.commands.has(cmd)
		if has != fake.commands.has(cmd) {
			sign := "-"
			if has {
				sign = "+"
			}
			words = append(words, sign+cmd.FullName())
			fake.allow(cmd, has)
		}
		if !has {
			for _, first := range s.firstArgs[cmd.id] {
				words = append(words, "+"+cmd.FullName()+"|"+first)
			}
		}
	}
	return strings.Join(words, " ")
}

// nearest returns the category of which more commands are there than not, or, if they are to
// be taken away, the other way round, with as few exceptions as possible.
func (s *selector) nearest(applied map[string]bool, add bool) (best string) {
	least, most := math.MaxInt, 0
	for _, name := range categoryNames {
		if applied[name] {
			continue
		}
		has, all := s.commands.among(categorySets()[name])
		same, diff := has, all-has
		if !add {
			same, diff = diff, same
		}
		if same > diff && (diff < least || diff == least && same > most) {
			best, least, most = name, diff, same
		}
	}
	return best
}
