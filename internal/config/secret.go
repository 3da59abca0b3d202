package config

import "log/slog"

const placeholder = "[secret]"

// Secret is a credential read from the environment. Every way of printing it
// gives a placeholder; Reveal is called where the value is used and nowhere else.
type Secret struct{ value string }

// NewSecret wraps a value that did not come from the environment.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal is the value itself.
func (s Secret) Reveal() string { return s.value }

// Empty reports whether no value was given.
func (s Secret) Empty() bool { return s.value == "" }

// UnmarshalText lets the environment parser fill a Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	s.value = string(text)
	return nil
}

func (Secret) String() string               { return placeholder }
func (Secret) GoString() string             { return placeholder }
func (Secret) MarshalText() ([]byte, error) { return []byte(placeholder), nil }
func (Secret) LogValue() slog.Value         { return slog.StringValue(placeholder) }
