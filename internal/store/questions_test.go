package store

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/severhq/sever/internal/access"
)

func TestQuestions(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	about := func(name, id string) Question {
		return Question{Ref: access.Ref{Connection: "pg", Resource: "main", Name: name, ForeignID: id}, Kind: "other letters", Words: "is " + name + " hers?"}
	}
	rule := Question{Ref: access.Ref{Connection: "pg"}, Rule: "{{.Team}}", Kind: "attribute missing", Words: "needs Team"}
	ask := func(caseID string, questions ...Question) {
		t.Helper()
		s.do(t, func(tx *Tx) error { return tx.Ask(t.Context(), caseID, "E1", "pg", questions) })
	}
	listed := func(f QuestionFilter) (out []string) {
		t.Helper()
		all, err := s.Questions(t.Context(), f)
		require.NoError(t, err)
		for _, k := range all {
			require.NotZero(t, k.ID)
			require.Equal(t, access.PrincipalID("E1"), k.Principal)
			require.Equal(t, k.Decision == Unanswered, k.At.IsZero())
			out = append(out, k.Name+k.Rule+"#"+k.ForeignID+" "+string(k.Decision))
		}
		return out
	}
	answer := func(i int, a Answer) {
		t.Helper()
		all, err := s.Questions(t.Context(), QuestionFilter{})
		require.NoError(t, err)
		s.do(t, func(tx *Tx) error { return tx.AnswerQuestion(t.Context(), all[i].ID, a, "dba", "asked her") })
	}
	ask("c1")
	require.Empty(t, listed(QuestionFilter{}))
	ask("c1", about("Ada", "1"), about("ADA", "2"), rule)
	ask("c1", about("Ada", "1"), about("ADA", "2"), rule)
	require.Equal(t, []string{"Ada#1 ", "ADA#2 ", "{{.Team}}# "}, listed(QuestionFilter{Open: true}), "asking again asks once")
	require.Equal(t, []string{"Ada#1 ", "ADA#2 ", "{{.Team}}# "}, listed(QuestionFilter{Principal: "E1", Connection: "pg"}))
	require.Empty(t, listed(QuestionFilter{Connection: "my"}))

	answer(0, SaidYes)
	answer(1, SaidNo)
	require.Equal(t, []string{"{{.Team}}# "}, listed(QuestionFilter{Open: true}))
	ask("c1", about("ADA", "2"), about("ADA", "3"))
	require.Equal(t, []string{"Ada#1 confirmed", "ADA#2 rejected", "{{.Team}}# withdrawn", "ADA#3 "}, listed(QuestionFilter{}),
		"a rejected account stays rejected, another one of the name is another question")
	require.Equal(t, []string{"ADA#2 rejected"}, listed(QuestionFilter{Decision: SaidNo}))
	ask("c1", about("Ada", "1"), rule)
	require.Equal(t, []string{"Ada#1 ", "{{.Team}}# "}, listed(QuestionFilter{Open: true}), "what is in doubt anew is asked anew")

	first, err := s.Question(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "c1", first.CaseID)
	require.Empty(t, first.By)
	_, err = s.Question(t.Context(), 99)
	require.ErrorIs(t, err, ErrNotFound)
	require.ErrorIs(t, s.Do(t.Context(), func(tx *Tx) error { return tx.AnswerQuestion(t.Context(), 99, SaidNo, "dba", "") }), ErrNotFound)
}

func TestTies(t *testing.T) {
	t.Parallel()
	_, s := open(t)
	newCase(t, s, "c1", "E1")
	ada := func(id string) access.Ref {
		return access.Ref{Connection: "pg-main", Resource: "main", Name: "ada", ForeignID: id}
	}
	ties := func() []access.Ref {
		out, err := s.Ties(t.Context(), "E1", "pg-main")
		require.NoError(t, err)
		return out
	}
	tie := func(refs ...access.Ref) {
		s.do(t, func(tx *Tx) error { return tx.Tie(t.Context(), "E1", refs, "sever") })
	}
	tie(ada(""))
	require.Empty(t, ties(), "nothing to remember")
	tie(ada("1"), access.Ref{Connection: "other", Name: "ada", ForeignID: "7"})
	tie(ada("2"))
	require.Equal(t, []access.Ref{ada("1")}, ties(), "the first one stays")
	s.do(t, func(tx *Tx) error { return tx.Retie(t.Context(), "E1", ada("2"), "dba") })
	require.Equal(t, []access.Ref{ada("2")}, ties())

	var rows []CaseAccount
	s.do(t, func(tx *Tx) (err error) {
		rows, err = tx.UpsertAccounts(t.Context(), "c1", []CaseAccount{{Ref: ada("2"), Evidence: access.Imported, SeenAt: noon, Now: access.Account{Ref: ada("2")}}})
		return err
	})
	s.do(t, func(tx *Tx) error { return tx.SetForeignID(t.Context(), rows[0].ID, "3") })
	require.Equal(t, []access.Ref{ada("3")}, ties(), "an account that we made again is the same one")
}
