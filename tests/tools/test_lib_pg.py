"""The throw-away Postgres of tests/lib: databases of plain roles, stop and start, nothing left behind."""
# databases: postgres
import os

import psycopg
import pytest

from lib import pg, proc


def test_new_database_is_empty_and_owned_by_a_plain_role():
	with pg.server() as s, psycopg.connect(s.new_database()) as db:
		assert db.execute("select count(*) from pg_stat_user_tables").fetchone() == (0,)
		assert db.execute("select rolsuper, rolbypassrls from pg_roles where rolname = current_user").fetchone() == \
			(False, False)


def test_copy_of_a_template_holds_its_rows():
	with pg.server() as s:
		first = s.new_database()
		with psycopg.connect(first) as db:
			db.execute("create table t as select 7 as n")
		copy = s.new_database(template=first.rsplit("/", 1)[1])
		assert s.execute("select n from t", database=copy.rsplit("/", 1)[1]) == [(7,)]


def test_own_server_stops_starts_again_and_is_removed():
	with pg.server(own=True) as s:
		pid, data = s.process.pid, s.data
		url = s.new_database()
		s.stop()
		with pytest.raises(psycopg.OperationalError):
			psycopg.connect(url)
		s.start()
		psycopg.connect(url).close()
		last = s.process.pid
	assert not proc.alive(pid) and not proc.alive(last)
	assert not os.path.exists(os.path.dirname(data))


def test_a_paused_server_answers_nothing_until_it_is_resumed():
	with pg.server(own=True) as s:
		url = s.new_database()
		s.pause()
		with pytest.raises(psycopg.OperationalError):
			psycopg.connect(url, connect_timeout=2)
		s.resume()
		psycopg.connect(url).close()
