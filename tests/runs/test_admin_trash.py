"""Who may do what to the rules of retention in the admin."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from runs.models import RetentionRule, Run
from tests.dashboard.conftest import begin
from tests.jobs import factories

RULES = "/admin/runs/retentionrule/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def rule(data_dir: object) -> RetentionRule:
    """One that two runs are too many for."""
    for _ in range(2):
        factories.finish(begin(project="vision"))
    return RetentionRule.objects.create(project="vision", keep_last=1)


def staff(*permissions: str) -> Client:
    person = User.objects.create_user("eve", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(person)
    return client


def act(client: Client, action: str, rule: RetentionRule, **more: str) -> str:
    form = {"action": action, "index": "0", "_selected_action": str(rule.pk)}
    return client.post(RULES, form | more, follow=True).content.decode()


@pytest.mark.parametrize("action", ["apply", "rehearse"])
def test_who_may_only_look_at_a_rule_is_offered_no_action_and_can_do_none(
    action: str, rule: RetentionRule
) -> None:
    viewer = staff("view_retentionrule")

    assert f'<option value="{action}">' not in viewer.get(RULES).content.decode()
    for step in ({}, {"confirmed": "yes", "chosen": str(rule.pk)}):
        answer = act(viewer, action, rule, **step)
        assert "in the trash" not in answer
        assert "would go" not in answer
        assert "<title>Apply" not in answer
    assert not Run.objects.filter(trashed_at__isnull=False).exists()


def test_who_may_change_a_rule_may_apply_it(rule: RetentionRule) -> None:
    editor = staff("view_retentionrule", "change_retentionrule")

    assert '<option value="apply">' in editor.get(RULES).content.decode()
    assert "1 runs would go" in act(editor, "rehearse", rule)
    assert "<title>Apply" in act(editor, "apply", rule)
    assert "1 in the trash" in act(editor, "apply", rule, confirmed="yes", chosen=str(rule.pk))
