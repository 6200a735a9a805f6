from pitmark.core import errors


def test_every_error_has_its_own_code_and_stands_in_the_tree_of_the_docstring():
    kinds = [
        k
        for k in vars(errors).values()
        if isinstance(k, type) and issubclass(k, errors.PitmarkError)
    ]
    codes = [k.code for k in kinds]
    assert len(set(codes)) == len(codes)
    assert all(k.__name__ in (errors.__doc__ or "") for k in kinds)


def test_an_error_leaves_as_code_message_and_hint():
    error = errors.NotFoundError("there is no project 'x'", hint="pitmark new x")
    assert error.to_json() == {
        "code": "not_found",
        "message": "there is no project 'x'",
        "hint": "pitmark new x",
    }
